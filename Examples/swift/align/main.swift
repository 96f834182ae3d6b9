// Aligns two images, says whether the result can be trusted, and writes the source brought to the target's place and an overlay of both:
// the target red, the source cyan, grey where they agree.
//
//     swift run -c release align [source.jpg target.jpg]
import LinWarp

/// Of the files that are named; without, a drawn scene and a turned view of its middle.
func images() throws -> (source: Tensor<Float>, target: Tensor<Float>) {
    let paths = Array(CommandLine.arguments.dropFirst())
    if paths.count == 2 { return try (Tensor(imageAt: paths[0]), Tensor(imageAt: paths[1])) }
    let scene = ProceduralScene(seed: 3).image(height: 240, width: 320)
    let place = Matrix3.translation(0.1, 0.05) * .rotation(0.4) * .scaling(0.5, 0.5)
    return (scene, resampled(scene, place, height: 160, width: 160))
}

let (source, target) = try images()
let (height, width) = (target.shape[1], target.shape[2])

let alignment = try align(source, to: target, AlignmentSettings(family: .homography))
print("verdict: \(alignment.verdict!), status: \(alignment.status)")
if let confidence = alignment.confidence, confidence.verdict == .trusted, let deviations = confidence.cornerDeviations {
    print("standard deviations of the corners: \(deviations) source pixels")
    let sizes = (source: (source.shape[1], source.shape[2]), target: (height, width))
    print("for OpenCV: \(try MatrixConvention.opencv.matrix(of: alignment.matrix, source: sizes.source, target: sizes.target).elements)")

    let aligned = resampled(source, alignment.matrix, height: height, width: width)
    try aligned.writeImage(to: "aligned.png")
    let (red, cyan) = (target.mean(axes: [0]), aligned.mean(axes: [0]))
    try stack([red, cyan, cyan]).writeImage(to: "overlay.png")
    print("mean difference: \((cyan - red).abs().mean().scalar) of 1; wrote aligned.png and overlay.png")
}
