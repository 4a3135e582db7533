import Foundation

/// The Python of an environment with onnx and onnxruntime, that tests compare with.
package enum PythonPeer {
  /// What `PRUNE_CLUSTER_PEERS_PYTHON` names; `nil` where it is not set, which is told once.
  package static let python: String? = {
    let python = ProcessInfo.processInfo.environment["PRUNE_CLUSTER_PEERS_PYTHON"]
    if python == nil { print("PRUNE_CLUSTER_PEERS_PYTHON is not set: nothing is compared with onnx and onnxruntime") }
    return python
  }()

  /// The same Python where it also has Pillow and NumPy; `nil` where it has not, which is told once.
  package static let pillow: String? = {
    guard let python, (try? run(python, "import numpy, PIL.Image", [])) != nil else {
      print("there is no Python with Pillow: nothing is compared with Pillow's images")
      return nil
    }
    return python
  }()

  /// The same Python where it also has jsonschema; `nil` where it has not, which is told once.
  package static let jsonschema: String? = {
    guard let python, (try? run(python, "import jsonschema", [])) != nil else {
      print("there is no Python with jsonschema: no schema is compared with its verdicts")
      return nil
    }
    return python
  }()

  /// Runs a script and gives what it prints.
  /// - Throws: its error text, when it fails.
  package static func run(_ python: String, _ script: String, _ arguments: [String]) throws -> String {
    let folder = try TemporaryFolder()
    let output = try folder.write(Data(), as: "output")
    let errors = try folder.write(Data(), as: "errors")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", script] + arguments
    // Matrices are small, and beside other tests the threads of a BLAS wait for each other far longer than they compute.
    process.environment = ProcessInfo.processInfo.environment.merging(["OPENBLAS_NUM_THREADS": "1"]) { $1 }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw PythonError(description: String(decoding: try folder.contents(of: "errors"), as: UTF8.self))
    }
    return String(decoding: try folder.contents(of: "output"), as: UTF8.self)
  }
}

/// What a script wrote when it failed.
package struct PythonError: Error, CustomStringConvertible {
  package let description: String
}
