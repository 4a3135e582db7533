import Foundation
import ProgramRuns
import ReferenceData

/// Programs that searches of tests run.
enum PluginScripts {
  /// The Python to run them; `nil` where there is none, which is told once.
  static let python: String? = {
    let paths = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    let python = paths.map { "\($0)/python3" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    if python == nil { print("python3 is not on PATH: plug-ins in Python are not run") }
    return python
  }()

  /// Whether there is a Python to run them.
  static var hasPython: Bool { python != nil }

  static func shipped(_ name: String) -> String {
    #"["python3", "\#(DemoNetwork.directory)/plugins/\#(name)"]"#
  }

  /// The programs that ship with the project, as ways to search.
  static let modes: [SearchMode] =
    hasPython
    ? [
      SearchMode(
        testDescription: "external criterion",
        changes: [
          (
            "sensitivity",
            #"{"method": "external", "command": \#(shipped("criterion.py")), "inputs": ["activations", "gradients"], "#
              + #""normalization": "lamp"}"#
          ), ("solver", "{}"),
        ]),
      SearchMode(
        testDescription: "external solver",
        changes: [("solver", #"{"method": "external", "command": \#(shipped("solver.py"))}"#)]),
      SearchMode(
        testDescription: "external solver, bits, two targets",
        changes: [
          ("solver", #"{"method": "external", "command": \#(shipped("solver.py")), "min_channels": 2}"#),
          ("bits", #"{"search": [4, 8]}"#),
          ("target", #"[{"compression_ratio": 2, "metric": "flops"}, {"compression_ratio": 1.5, "metric": "params"}]"#),
        ], files: ["quantization.npz"]),
    ] : []

  /// Reads the request, and the arrays that it names.
  static let prologue = """
    import array, ast, json, math, os, sys
    folder = sys.argv[1]
    def read_array(name):
        with open(os.path.join(folder, name), "rb") as file:
            file.read(8)
            header = ast.literal_eval(file.read(int.from_bytes(file.read(2), "little")).decode("latin-1"))
            elements = array.array({"<f4": "f", "<f8": "d"}[header["descr"]])
            elements.frombytes(file.read())
        return header["shape"], elements
    request = json.load(open(os.path.join(folder, "request.json")))
    def answer(score, unit="score"):
        groups = [{"group": group["group"], "scores": [score(group, unit) for unit in range(group["units"])]}
                  for group in request["groups"] if group["prunable"]]
        result = {"protocol": "prune-cluster-criterion", "version": 1, "unit": unit, "groups": groups}
        json.dump(result, open(os.path.join(folder, "answer.json"), "w"))
    def made(group, unit):
        return [(request["layers"][maker["layer"]], channel)
                for maker in group["made_by"] for channel in maker["channels"][unit]]
    def mean(name):
        (_, channels), rows = read_array(request["activations"][name])
        samples = request["rows"]["samples"]
        return [sum(n * rows[r * channels + c] for r, n in enumerate(samples)) / sum(samples) for c in range(channels)]

    """

  /// Writes a script beside the configuration.
  static func write(_ body: String, to folder: TemporaryFolder, as name: String = "plugin.py") throws {
    _ = try folder.write(Data((prologue + body).utf8), as: name)
  }
}
