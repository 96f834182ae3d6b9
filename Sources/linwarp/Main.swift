import CStart
import Commands

@main
enum Main {
    static func main() {
        program_begin()
        runLinwarp()
    }
}
