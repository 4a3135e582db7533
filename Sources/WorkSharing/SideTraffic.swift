public import MessagePassing

/// Messages of something else than shared work that pass between ranks while work is shared.
///
/// In every rank one thread alone talks to the others, the one that shares the work; threads that have something to say
/// leave it here, and that thread passes it on, and brings what has come.
public protocol SideTraffic: AnyObject {
  /// Called before anything is exchanged.
  /// - Parameter wake: to be called, from any thread, when something waits to be sent.
  func begin(wake: @escaping @Sendable () -> Void)

  /// Sends what waits, and takes what has come; it does not wait for anything. Called over and over by the rank's thread.
  /// - Returns: whether there was anything.
  func exchange(on world: any Communicator) throws -> Bool

  /// What this rank has to do for others: while that is not 0, its beats should grow.
  var held: Int { get }
  /// How often this rank has shown to be alive in doing it.
  var beats: Int { get }
  /// Whether a worker of this rank waits for another rank: it is alive then, whatever it waits for.
  var isWaiting: Bool { get }

  /// Called, maybe often, when nothing more is to be waited for, as the run stops: who waits for a message returns.
  func abandon()

  /// Called once when nothing is exchanged any more, whatever the reason: who waits for a message returns.
  func end()
}
