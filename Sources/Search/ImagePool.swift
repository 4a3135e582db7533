import MessagePassing

/// The room that a process has for decoded images which stay, shared by all sets of them.
///
/// One for a process, as the limit on memory is: several readers of the same data, one after another, have no more in all.
///
/// `@unchecked Sendable`: everything is read and written inside `monitor.locked` only.
final class ImagePool: @unchecked Sendable {
  /// That of this process.
  static let process = ImagePool()

  /// Bytes where nothing limits the memory.
  static let most = 128 << 20

  private let monitor = Monitor()
  private var limit = ImagePool.most
  private var used = 0
  private var shelves: [any ImageShelf] = []

  init() {}

  /// Lets a set be emptied when there is less room, until it is removed.
  func add(_ shelf: any ImageShelf) { monitor.locked { shelves.append(shelf) } }

  /// Forgets a set.
  func remove(_ shelf: any ImageShelf) { monitor.locked { shelves.removeAll { $0 === shelf } } }

  /// Takes room for an image.
  /// - Returns: whether there is some.
  func take(_ bytes: Int) -> Bool {
    monitor.locked {
      guard used + bytes <= limit else { return false }
      used += bytes
      return true
    }
  }

  /// Gives room back.
  func give(_ bytes: Int) { monitor.locked { used -= bytes } }

  /// Sets the room to what a plan leaves of the memory; where more is held, all of it goes.
  /// - Parameter room: bytes; `nil` where nothing limits them.
  /// - Returns: bytes that may be held.
  @discardableResult
  func resize(to room: Int?) -> Int {
    let bytes = max(min(room ?? ImagePool.most, ImagePool.most), 0)
    let crowded: [any ImageShelf] = monitor.locked {
      limit = bytes
      return used > bytes ? shelves : []
    }
    // Outside the lock: a shelf that is emptied gives its room back.
    for shelf in crowded { shelf.empty() }
    return bytes
  }
}

/// What holds decoded images.
protocol ImageShelf: AnyObject, Sendable {
  /// Gives up those that stay.
  func empty()
}
