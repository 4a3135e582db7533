import Glibc

/// Damages inputs of the readers of files and looks whether a reader traps, hangs or takes too much memory.
///
/// ```
/// fuzz run [--reader NAME] [--count N] [--seconds S] [--seed S] [--index I] [--corpus DIR]... [--out DIR] [--jobs N]
///          [--limit S]
/// ```
///
/// A corpus has a folder of inputs for every reader that it is for, and `model` for sound models.
///
/// Every reader runs in a process of its own, whose memory and time per input are bounded. `fuzz child` is that process;
/// `fuzz input` writes an input to a file. Exit code 0 when all is well, 1 when an input ended a process, 64 for wrong use.
@main
struct FuzzProgram {
  static func main() {
    var arguments = Array(CommandLine.arguments.dropFirst())
    let command = arguments.isEmpty ? "" : arguments.removeFirst()
    guard let options = FuzzOptions(arguments) else { misuse() }
    var readers =
      FuzzReader.arrays + FuzzReader.images + FuzzReader.texts + FuzzReader.stored
      + FuzzReader.models(options.inputs(of: "model"))
    if let name = options.reader {
      // Those that fail on purpose, or take long, are asked for by name.
      readers = (readers + FuzzReader.planted + [FuzzReader.bombs]).filter { $0.name == name }
      if readers.isEmpty { misuse() }
    }
    for place in readers.indices { readers[place].corpus = options.inputs(of: readers[place].name) }
    switch (command, readers.count) {
    case ("run", _): exit(FuzzSupervisor(options).run(readers.map(\.name)) ? 0 : 1)
    case ("child", 1): FuzzChild(options, readers[0]).run()
    case ("input", 1):
      guard let path = options.output,
        FuzzFile.write(readers[0].input(options.index ?? 0, seed: options.seed), to: path)
      else { misuse() }
    default: misuse()
    }
  }

  private static func misuse() -> Never {
    let text =
      "usage: fuzz run|child|input [--reader NAME] [--count N] [--seconds S] [--seed S] [--index I] [--corpus DIR]... "
      + "[--out PATH] [--jobs N] [--limit S]\n"
    _ = text.withCString { write(2, $0, strlen($0)) }
    exit(64)
  }
}

/// What the command line asks for.
struct FuzzOptions {
  var reader: String?
  var count = 10_000
  var seconds: Int?
  var seed: UInt64 = 20_261_121
  var index: Int?
  var corpora: [String] = []
  var output: String?
  var jobs = 2
  /// Processor time of one input, in seconds.
  var limit = 10

  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      guard let value = rest.popFirst() else { return nil }
      switch option {
      case "--reader": reader = value
      case "--corpus": corpora.append(value)
      case "--out": output = value
      case "--count":
        guard let number = Int(value), number >= 1 else { return nil }
        count = number
      case "--seconds":
        guard let number = Int(value), number >= 1 else { return nil }
        seconds = number
      case "--seed":
        guard let number = UInt64(value) else { return nil }
        seed = number
      case "--index":
        guard let number = Int(value), number >= 0 else { return nil }
        index = number
      case "--limit":
        guard let number = Int(value), number >= 1 else { return nil }
        limit = number
      case "--jobs":
        guard let number = Int(value), number >= 1 else { return nil }
        jobs = number
      default: return nil
      }
    }
  }

  /// What the corpora have for a reader.
  func inputs(of reader: String) -> [[UInt8]] {
    corpora.flatMap { corpus in
      FuzzFile.names(in: "\(corpus)/\(reader)").map { FuzzFile.read("\(corpus)/\(reader)/\($0)") }
    }
  }
}
