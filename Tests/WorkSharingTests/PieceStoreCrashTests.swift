import ArrayFiles
import Foundation
import Glibc
import ProgramRuns
import Testing
import WorkSharing

/// A writer is killed, or refused, at every system call that it makes: `strace` does both.
@Suite(.enabled(if: SystemCallTrace.isPossible)) struct PieceStoreCrashTests {
  private let folder: TemporaryFolder
  private let store: PieceStore
  private let key = PieceKey(["a piece"])
  /// Those that the writer stores.
  private let values = (0..<100).map(Double.init)

  init() throws {
    folder = try TemporaryFolder()
    store = PieceStore(directory: folder.file("checkpoint"))
  }

  @Test(.timeLimit(.minutes(30)), arguments: [false, true])
  func `a writer killed at any system call leaves the whole piece or what was there`(_ isReplacing: Bool) throws {
    try reset(isReplacing)
    let calls = try SystemCallTrace(folder) { try write(under: $0) }.calls(naming: store.directory)
    #expect(calls.contains { $0.name == "rename" })
    var outcomes: Set<String> = []
    for call in calls {
      try reset(isReplacing)
      let run = try write(under: SystemCallTrace.injection(call, "signal=KILL"))
      #expect(run.exitCode != 0, "\(call) was to be the last call")
      outcomes.insert(state)
      #expect([isReplacing ? "damaged" : "absent", "whole"].contains(state), "killed at \(call)")
      #expect(store.keys().isSubset(of: [key]), "killed at \(call)")

      // Whoever comes next can write, and clear up.
      try store.save(values, as: key)
      store.removeAll(except: [key])
      #expect(state == "whole", "killed at \(call)")
      #expect(try names == ["\(key).piece"], "killed at \(call)")
    }
    #expect(outcomes.count == 2)
  }

  @Test(.timeLimit(.minutes(30)), arguments: ["ENOSPC", "EIO"])
  func `an error of any system call is told and leaves nothing half-written`(_ error: String) throws {
    let calls = try SystemCallTrace(folder) { try write(under: $0) }.calls(naming: store.directory)
      .filter { ["mkdir", "openat", "write", "fsync", "rename"].contains($0.name) }
    #expect(Set(calls.map(\.name)).count == 5)
    for call in calls {
      try reset(false)
      let run = try write(under: SystemCallTrace.injection(call, "error=\(error)"))
      #expect(run.exitCode == 1, "\(error) of \(call): \(run.errors)")
      #expect(run.errors.hasPrefix("inputOutput: "), "\(error) of \(call): \(run.errors)")
      // Only where the directory's entry could not be forced to the device is the piece there all the same.
      #expect(["absent", "whole"].contains(state), "\(error) of \(call)")
      let names = try names
      #expect(names.allSatisfy { $0 == "\(key).piece" }, "\(error) of \(call): \(names)")
    }
  }

  @Test(.timeLimit(.minutes(30)))
  func `bytes reach the device before the name does, and the name before the piece counts as stored`() throws {
    let calls = try SystemCallTrace(folder) { try write(under: $0) }.calls(naming: store.directory)
    let names = calls.map(\.name).filter { ["mkdir", "write", "fsync", "rename"].contains($0) }
    #expect(names == ["mkdir", "fsync", "write", "fsync", "rename", "fsync"])
  }

  private func write(under tracer: [String]) throws -> ProgramRun {
    try ProgramRun("piece-writer", under: tracer, [store.directory, "\(key)", "\(values.count)"])
  }

  private func reset(_ isReplacing: Bool) throws {
    try? FileManager.default.removeItem(atPath: store.directory)
    guard isReplacing else { return }
    try FileManager.default.createDirectory(atPath: store.directory, withIntermediateDirectories: false)
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(store.directory)/\(key).piece"))
  }

  private var state: String {
    switch store.load(key, count: values.count) {
    case .absent: "absent"
    case .damaged: "damaged"
    case .values(let found): found == values ? "whole" : "wrong"
    }
  }

  private var names: [String] {
    get throws {
      guard FileManager.default.fileExists(atPath: store.directory) else { return [] }
      return try FileManager.default.contentsOfDirectory(atPath: store.directory)
    }
  }
}

@Suite struct PieceStoreFullDiskTests {
  @Test(.timeLimit(.minutes(30)))
  func `on a full disk a piece is refused, those before it stay, and nothing is left over`() throws {
    let folder = try TemporaryFolder()
    let disk = folder.file("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
    guard mount("tmpfs", disk, "tmpfs", 0, "size=1m") == 0 else {
      print("no file system can be mounted here: a full disk is not tested")
      return
    }
    defer { umount2(disk, Int32(MNT_DETACH)) }
    let store = PieceStore(directory: disk + "/checkpoint")
    let values = [Double](repeating: 1, count: 20_000)
    var saved: [PieceKey] = []
    var refusal: ArrayFileError?
    while refusal == nil, saved.count < 100 {
      let key = PieceKey(["\(saved.count)"])
      do {
        try store.save(values, as: key)
        saved.append(key)
      } catch {
        refusal = error
      }
    }
    #expect(saved.count == 6)
    #expect(refusal?.kind == .inputOutput)
    #expect(refusal?.problem == "cannot be written: No space left on device")
    #expect(store.keys() == Set(saved))
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory).count == saved.count)
    for key in saved {
      guard case .values(let found) = store.load(key, count: values.count) else {
        Issue.record("a piece that was saved before is gone")
        continue
      }
      #expect(found == values)
    }
    // With room again it goes on.
    store.removeAll(except: [])
    try store.save(values, as: saved[0])
  }
}

/// The system calls of one run of a program.
struct SystemCallTrace {
  /// One call: the `ordinal`-th of its name.
  struct Call: CustomStringConvertible {
    let name: String
    let ordinal: Int

    var description: String { "\(name) #\(ordinal)" }
  }

  private let lines: [Substring]

  /// Traces what `run` starts with the words that it is given in front.
  init(_ folder: TemporaryFolder, _ run: ([String]) throws -> ProgramRun) throws {
    let log = folder.file("trace")
    let outcome = try run(["strace", "-f", "-qq", "-s", "4096", "-o", log])
    guard outcome.exitCode == 0 else { throw Failure(errors: outcome.errors) }
    lines = String(decoding: try folder.contents(of: "trace"), as: UTF8.self).split(separator: "\n")
  }

  struct Failure: Error {
    let errors: String
  }

  /// The calls from the first on that names a path.
  func calls(naming path: String) -> [Call] {
    var counts: [Substring: Int] = [:]
    var calls: [Call] = []
    var isAfter = false
    for line in lines {
      // "PID name(arguments) = result"; short process numbers are filled up with blanks.
      let call = line.drop { $0.isNumber }.drop { $0 == " " }
      guard let end = call.firstIndex(of: "(") else { continue }
      let name = call[..<end]
      counts[name, default: 0] += 1
      // The program's start names its arguments too.
      isAfter = isAfter || name != "execve" && line.contains(path)
      if isAfter { calls.append(Call(name: String(name), ordinal: counts[name] ?? 0)) }
    }
    return calls
  }

  /// The command that starts a program and does something at one of its calls.
  static func injection(_ call: Call, _ what: String) -> [String] {
    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call.name)"]
      + ["-e", "inject=\(call.name):\(what):when=\(call.ordinal)"]
  }

  /// Whether programs can be traced here; where they cannot it is told once.
  static let isPossible: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["strace", "-qq", "-o", "/dev/null", "true"]
    process.standardError = FileHandle.nullDevice
    let isPossible =
      (try? process.run()) != nil
      && {
        process.waitUntilExit(); return process.terminationStatus == 0
      }()
    if !isPossible { print("strace is not installed, or not allowed: no writer is killed at its system calls") }
    return isPossible
  }()
}
