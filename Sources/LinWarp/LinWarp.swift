// The umbrella: `import LinWarp` is all that a user needs.
@_exported import Datasets
@_exported import Images
@_exported import LinearAlgebra
@_exported import NeuralNetworks
@_exported import NumPyFiles
@_exported import Registration
@_exported import Sampling
@_exported import Stacking
@_exported import Tensors
