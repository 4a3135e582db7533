import Glibc
import Synchronization

/// What one rank did and when: every call between ranks, every compilation, every run of the network.
///
/// Threads of the rank write to it at once; the lock is held for an append, less than a microsecond.
final class Trace: Sendable {
  /// What is recorded.
  enum Call: String {
    case barrier, broadcast, gather, allGather, reduce, allReduce, send, post, receive, probe
    /// Questions for a message that were answered with none: `size` of them, between which nothing was done.
    case poll
    /// A network being compiled.
    case compile
    /// Samples run through the network: `size` of them.
    case run
    /// The end of the search on this rank.
    case end
  }

  /// A moment: on the clock, and of the calling thread's processor time.
  struct Moment {
    let time: Duration
    let processor: Duration
  }

  private struct Event {
    let call: Call
    let start: Duration
    var end: Duration
    var size: Int
    let peer: Int?
    let tag: Int?
    /// Processor time of the calling thread in the call.
    var busy: Duration
    /// Processor time of the thread of the messages since its last call; of several questions before the first.
    let own: Duration
  }

  private struct State {
    var events: [Event] = []
    /// Processor time of the thread of the messages when its last call ended.
    var processor = Duration.zero
  }

  /// What a thread that asks again and again needs between two questions at the most.
  private static let turn = Duration.microseconds(20)

  private let clock = ContinuousClock()
  private let origin: ContinuousClock.Instant
  private let state = Mutex(State())

  /// A trace whose times count from now on.
  init() { origin = clock.now }

  /// The present moment.
  var now: Moment {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Moment(
      time: clock.now - origin, processor: .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec)))
  }

  /// Records a call between ranks that has just ended. All are made on one thread.
  /// - Parameter size: bytes of this rank's part.
  func add(_ call: Call, from start: Moment, size: Int = 0, peer: Int? = nil, tag: Int? = nil) {
    let end = now
    state.withLock { state in
      let (busy, own) = (end.processor - start.processor, start.processor - state.processor)
      state.processor = end.processor
      if call == .poll, own < Trace.turn, let last = state.events.indices.last, state.events[last].call == .poll {
        state.events[last].end = end.time
        state.events[last].size += size
        state.events[last].busy += busy
      } else {
        state.events.append(
          Event(
            call: call, start: start.time, end: end.time, size: size, peer: peer, tag: tag, busy: busy, own: own))
      }
    }
  }

  /// Records work that has just ended, on any thread.
  /// - Parameter size: samples.
  func addWork(_ call: Call, from start: Moment, size: Int = 0) {
    let end = now
    state.withLock { state in
      state.events.append(
        Event(
          call: call, start: start.time, end: end.time, size: size, peer: nil, tag: nil,
          busy: end.processor - start.processor, own: .zero))
    }
  }

  /// One line for each event in the order of their ends: nanoseconds from the start of the trace, nanoseconds that it
  /// took, what it was, its size, the other rank, the tag (`-` stands for none), nanoseconds of processor time in it, and
  /// for a call between ranks those that its thread has used since its last one.
  var text: String {
    state.withLock { state in
      var text = ""
      for event in state.events {
        let (start, taken) = (event.start.wholeNanoseconds, (event.end - event.start).wholeNanoseconds)
        let (peer, tag) = (event.peer.map(String.init) ?? "-", event.tag.map(String.init) ?? "-")
        let (busy, own) = (event.busy.wholeNanoseconds, event.own.wholeNanoseconds)
        text += "\(start) \(taken) \(event.call.rawValue) \(event.size) \(peer) \(tag) \(busy) \(own)\n"
      }
      return text
    }
  }
}

extension Duration {
  fileprivate var wholeNanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}
