public import ArgumentParser
import ArrayFiles
import Configuration
public import Interchange
import Search

/// `convert FILE --to FORMAT`: what other tools are told to prune, in our terms and in theirs.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Read and write the pruning configurations and ratios of AMCT, NNI, AIMET, NNCF and Torch-Pruning.",
    discussion: """
      FILE is of one of these formats:
        amct            search config, prune config or result (.cfg)
        nni             config_list of version 2 or 3 (JSON)
        aimet           pairs of module and ratio (JSON)
        nncf            configuration of filter pruning (JSON)
        torch-pruning   pruning_ratio_dict (JSON)
        ratios          ratios.json of a search, or what else apply takes (JSON)
      and becomes one of these, or with --to config the part of a config.json that it says: target, config_list, solver. \
      What has no counterpart, or another meaning, is told as a remark on standard error.

      EXAMPLES
        prune-cluster convert search.cfg --to config
        prune-cluster convert config_list.json --from nni --to ratios --output ratios.json
        prune-cluster convert out/ratios.json --to amct --output ratios.cfg
        prune-cluster convert result.cfg --named-only --to torch-pruning
      """)

  @Argument(help: ArgumentHelp("The file to read.", valueName: "file"), completion: .file())
  var file: String

  @Option(help: ArgumentHelp("Its format. Default: by its content.", valueName: "format"))
  var from: PruningFormat?

  @Option(help: ArgumentHelp("The format to write, or config.", valueName: "format"))
  var to: PruningFormat

  @Option(help: ArgumentHelp("The file to write. Default: standard output.", valueName: "file"), completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp(
      "What layers of a ratios.json are called for another tool: module, the path of the PyTorch module as far as the names tell it, or node.",
      valueName: "names"))
  var names = LayerNaming.module

  @Flag(
    help: """
      Leave out what the file says of layers that it does not name, such as the ratio of the whole network in a result of \
      AMCT, which means nothing.
      """)
  var namedOnly = false

  /// No such file is larger.
  private static let sizeLimit = 1 << 26

  func validate() throws {
    guard from != .config else {
      throw ValidationError(
        "--from config: expected one of \(PruningFormat.readable.map(\.rawValue).joined(separator: ", "))")
    }
    guard output != file else { throw ValidationError("--output is the file that is read") }
  }

  func run() throws {
    let bytes = try FileHandleReader.contents(of: file, limit: Self.sizeLimit)
    do {
      let format = try from ?? PruningFormat.guess(bytes, file: file)
      var demand = try PruningDemand(parsing: bytes, as: format, file: file) { path in
        let place = Self.path(path, besides: file)
        return (try FileHandleReader.contents(of: place, limit: Self.sizeLimit), place)
      }
      if namedOnly { demand.keepNamedOnly() }
      let (text, remarks) = try demand.text(in: to, naming: names)
      if let output {
        try AtomicFile.write(Array(text.utf8), to: output)
      } else {
        try StandardOutput.write(text)
      }
      for remark in demand.remarks + remarks {
        StandardError.write("\(ProgramName.text): remark: \(remark.printable())\n")
      }
    } catch let error as ConfigurationError {
      // Not a configuration of ours, whose errors have a code of their own.
      throw SearchError(.badContent, file: error.file, "\(error.path): \(error.problem)")
    }
  }

  /// A path as a file names it: from the folder of that file.
  private static func path(_ path: String, besides file: String) -> String {
    guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
    return String(file[...slash]) + path
  }
}

extension PruningFormat: ExpressibleByArgument {}
extension LayerNaming: ExpressibleByArgument {}
