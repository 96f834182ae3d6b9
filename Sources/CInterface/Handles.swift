import Synchronization

/// What the handles stand for that a program holds. A handle is a number that is never used again, so that one that was destroyed, or never was
/// one, is found out.
private let table = Mutex<(last: UInt, objects: [UInt: any Sendable & AnyObject])>((1, [:]))

/// Keeps an object until its handle is released.
func handle(_ object: any Sendable & AnyObject) -> OpaquePointer {
    table.withLock { table in
        // Odd: never null, nor an address of memory that the program was given.
        table.last += 2
        table.objects[table.last] = object
        return OpaquePointer(bitPattern: table.last)!
    }
}

/// What a handle stands for.
///
/// - Parameters:
///   - name: The argument's.
///   - made: Where such handles come from.
func object<Object>(_ handle: OpaquePointer?, as type: Object.Type, _ name: String, from made: String) throws -> Object {
    guard let handle else { throw Failure.invalid(name, found: "null", expected: "what \(made) gives") }
    let object = table.withLock { $0.objects[UInt(bitPattern: handle)] }
    guard let object = object as? Object else {
        throw Failure.invalid(name, found: "a handle of something else, or one that was destroyed", expected: "what \(made) gives")
    }
    return object
}

/// Forgets a handle; what is none stays as it is.
func release<Object>(_ handle: OpaquePointer?, _ type: Object.Type) {
    guard let handle else { return }
    // Whatever the object holds is freed when the table is free again.
    let object: AnyObject? = table.withLock { table in
        guard table.objects[UInt(bitPattern: handle)] is Object else { return nil }
        return table.objects.removeValue(forKey: UInt(bitPattern: handle))
    }
    _ = object
}
