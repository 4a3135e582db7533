import Foundation
import Glibc
import Synchronization
import Testing

@testable import ArrayFiles

@Suite struct AtomicFileTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  @Test(arguments: [0, 1, 100_000])
  func `the file has the bytes and nothing else is left`(_ count: Int) throws {
    let content = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    let path = try scratch.write([9, 9, 9], as: "result")
    try AtomicFile.write(content, to: path)
    try expectSame(bytes(ofFile: path), content)
    #expect(try scratch.contents == ["result"])
  }

  @Test func `a name as long as names can be is written`() throws {
    let name = String(repeating: "n", count: 255)
    try AtomicFile.write([1], to: scratch.file(name))
    #expect(try scratch.contents == [name])
  }

  @Test func `the permissions are those that any new file has`() throws {
    let path = scratch.file("result")
    try AtomicFile.write([1], to: path)
    let plain = scratch.file("plain")
    let descriptor = open(plain, O_WRONLY | O_CREAT, 0o666)
    #expect(descriptor >= 0)
    close(descriptor)
    var (mine, theirs) = (stat(), stat())
    #expect(stat(path, &mine) == 0 && stat(plain, &theirs) == 0)
    #expect(mine.st_mode == theirs.st_mode)
  }

  @Test func `a path that cannot be created says so with the system's reason`() throws {
    let file = try scratch.write([1], as: "file")
    for (path, reason) in [
      (scratch.file("missing/result"), "No such file or directory"), (file + "/result", "Not a directory"),
      (scratch.path, "a directory has this name"), ("/dev/null", "not a regular file"),
      (scratch.file("a\u{0}b"), "a zero byte"), (scratch.file(String(repeating: "n", count: 256)), "name too long"),
    ] {
      let error = arrayFileError { () throws(ArrayFileError) in try AtomicFile.write([1], to: path) }
      #expect(error?.kind == .cannotBeCreated)
      #expect(error?.problem.hasPrefix("cannot be created: ") == true)
      #expect(error?.problem.contains(reason) == true, "\(error?.description ?? "no error")")
      #expect(error?.path == path)
    }
    #expect(try scratch.contents == ["file"])
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may write anywhere"))
  func `a directory without write permission is one where nothing can be created`() throws {
    #expect(chmod(scratch.path, 0o500) == 0)
    defer { chmod(scratch.path, 0o700) }
    let error = arrayFileError { () throws(ArrayFileError) in try AtomicFile.write([1], to: scratch.file("result")) }
    #expect(error?.kind == .cannotBeCreated)
  }

  @Test func `a failure in the middle leaves the old file and no temporary one`() throws {
    let path = try scratch.write([9], as: "result")
    let cause = ArrayFileError(.inputOutput, path: path, "no more")
    let error = arrayFileError { () throws(ArrayFileError) in
      try AtomicFile.write(to: path) { (output) throws(ArrayFileError) in
        try output.append([1, 2, 3] as [UInt8])
        throw cause
      }
    }
    #expect(error == cause)
    #expect(try scratch.contents == ["result"])
    #expect(try bytes(ofFile: path) == [9])
  }

  @Test func `a rename that fails leaves no temporary file`() throws {
    let path = scratch.file("result")
    let error = arrayFileError { () throws(ArrayFileError) in
      try AtomicFile.write(to: path) { (output) throws(ArrayFileError) in
        try output.append([1] as [UInt8])
        mkdir(path, 0o700)
      }
    }
    #expect(error?.kind == .cannotBeCreated)
    #expect(try scratch.contents == ["result"])
  }

  @Test(.enabled(if: access("/dev/full", W_OK) == 0, "this system has no /dev/full"))
  func `a full device is an input or output error`() {
    let output = OutputFile(descriptor: open("/dev/full", O_WRONLY), temporaryPath: "/dev/full", path: "result")
    let error = arrayFileError { () throws(ArrayFileError) in try output.append([1, 2] as [UInt8]) }
    #expect(error?.kind == .inputOutput)
    #expect(error?.description == "result: cannot be written: No space left on device")
  }

  @Test(.timeLimit(.minutes(30)))
  func `all bytes arrive although signals interrupt and shorten the writes`() throws {
    // A handler without SA_RESTART, so that a blocked write ends early: with EINTR, or with a part of the bytes.
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    // It stays installed: the last signal may still be on its way when this test ends.
    #expect(sigaction(SIGUSR1, &action, nil) == 0)

    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let content = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 * 7 / 3) }
    let writer = Writer(descriptor: ends[1], content: content)
    writer.start()
    var received: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 10_000)
    while true {
      // The first signal shortens a write that waits for room; the second finds the next one with nothing written yet.
      for _ in 0..<2 {
        writer.interrupt()
        usleep(200)
      }
      let count = read(ends[0], &part, part.count)
      guard count > 0 else { break }
      received += part[..<count]
    }
    close(ends[0])
    expectSame(received, content)
    #expect(writer.error == nil)
  }

  /// A thread that writes into a pipe and closes it.
  private final class Writer: Sendable {
    private struct State {
      var thread: pthread_t?
      var error: ArrayFileError?
    }

    private let descriptor: Int32
    private let content: [UInt8]
    private let state = Mutex(State())

    init(descriptor: Int32, content: [UInt8]) {
      self.descriptor = descriptor
      self.content = content
    }

    var error: ArrayFileError? { state.withLock { $0.error } }

    func start() {
      Thread.detachNewThread { [self] in
        // The threads that tests run on block most signals, and new threads take that over.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGUSR1)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        state.withLock { $0.thread = pthread_self() }
        let output = OutputFile(descriptor: descriptor, temporaryPath: "pipe", path: "pipe")
        let error = arrayFileError { () throws(ArrayFileError) in try output.append(content) }
        // Before the thread ends, since a signal to an ended thread is not defined.
        state.withLock {
          $0.thread = nil
          $0.error = error
        }
      }
    }

    func interrupt() {
      state.withLock { if let thread = $0.thread { pthread_kill(thread, SIGUSR1) } }
    }
  }
}

@Suite struct InputFileTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  @Test(.timeLimit(.minutes(30)))
  func `what cannot be read says so with the system's reason`() throws {
    #expect(mkfifo(scratch.file("pipe"), 0o600) == 0)
    for (path, reason) in [
      (scratch.file("missing.npy"), "No such file or directory"), ("", "No such file or directory"),
      (scratch.path, "it is a directory"), (scratch.file("pipe"), "it is not a regular file"),
      ("/dev/zero", "it is not a regular file"), (scratch.file("a\u{0}b"), "a zero byte"),
    ] {
      for error in [
        arrayFileError({ () throws(ArrayFileError) in _ = try ArrayFile.open(path) }),
        arrayFileError({ () throws(ArrayFileError) in _ = try NumPyArchive(path) }),
      ] {
        #expect(error?.kind == .cannotBeRead)
        #expect(error?.problem.contains(reason) == true, "\(error?.description ?? "no error")")
      }
    }
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may read anything"))
  func `a file without read permission cannot be read`() throws {
    let path = try scratch.write([1], as: "a.npy")
    #expect(chmod(path, 0) == 0)
    let error = arrayFileError { () throws(ArrayFileError) in _ = try ArrayFile.open(path) }
    #expect(error?.kind == .cannotBeRead)
  }
}
