import Foundation
import ProgramRuns
import Testing

/// The page in a real browser.
@Suite(.serialized, .enabled(if: Browser.isPresent), .timeLimit(.minutes(30)))
struct BrowserTests {
  /// What a page says of itself once it is laid out.
  private struct Findings: Decodable {
    let width: Int
    let contentWidth: Int
    let resources: Int
    let violations: Int
    let scripts: Int
    let isSlideHidden: Bool
    let before: String
    let after: String
    let columnBefore: String
    let columnAfter: String
    let tooSmall: [String]
    let cramped: [String]
    let counts: Int
    let tableBefore: String
    let tableAfter: String
  }

  /// Runs in front of everything else, and at the end.
  private static let (early, late) = (
    """
    <script>window.violations = []; window.addEventListener('error', (e) => violations.push(e.message));
    document.addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective));</script>
    """,
    """
    <script>{
      const slider = document.getElementById('slider'), point = document.getElementById('point');
      const column = () => [...document.querySelectorAll('#strip rect.now')].map((c) => c.getAttribute('height')).join();
      const table = () => [...document.querySelectorAll('#kept tbody tr')].map((r) => r.cells[2].textContent).join();
      const before = point.textContent, columnBefore = column(), tableBefore = table();
      slider.value = slider.max; slider.dispatchEvent(new Event('input'));
      const small = [...document.querySelectorAll('body *')].filter((e) => e.childNodes.length &&
        [...e.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()) &&
        parseFloat(getComputedStyle(e).fontSize) < 10.5).map((e) => e.tagName);
      // The longest numbers that a card may have.
      document.querySelectorAll('.card strong').forEach((e) => { e.textContent = '−4.681·10⁻³'; });
      const cramped = [...document.querySelectorAll('.card strong')].filter((e) =>
        e.scrollWidth > e.clientWidth || e.clientHeight > 1.5 * parseFloat(getComputedStyle(e).lineHeight) ||
        e.getBoundingClientRect().right > e.closest('.card').getBoundingClientRect().right).map((e) => e.textContent);
      const counts = [...document.querySelectorAll('.network text')].filter((e) =>
        e.textContent.includes(' → ') && e.getClientRects().length).length;
      const found = { width: innerWidth, contentWidth: document.documentElement.scrollWidth,
        resources: performance.getEntriesByType('resource').length, violations: violations.length,
        scripts: document.scripts.length, isSlideHidden: document.querySelector('.slide').hidden,
        before, after: point.textContent, columnBefore, columnAfter: column(), tooSmall: [...new Set(small)],
        cramped, counts, tableBefore, tableAfter: table() };
      document.body.setAttribute('data-found', JSON.stringify(found));
    }</script>
    """
  )

  private static func findings(_ page: String, width: Int, in folder: TemporaryFolder) throws -> Findings {
    let probed = page.replacing("<meta charset=\"utf-8\">", with: "<meta charset=\"utf-8\">" + early)
      .replacing("</body>", with: late + "</body>")
    let path = try folder.write(Data(probed.utf8), as: "probed.html")
    // A window has at least 500 pixels; a narrower page is shown in a frame, which tells what it finds.
    let frame = """
      <!DOCTYPE html><body><iframe src="probed.html" width="\(width)" height="900" style="border: 0"></iframe>
      <script>document.querySelector('iframe').onload = (event) => document.body.setAttribute(
        'data-found', event.target.contentDocument.body.getAttribute('data-found'));</script></body>
      """
    let shown = width < 500 ? try folder.write(Data(frame.utf8), as: "frame.html") : path
    let document = try Browser.run(
      ["--dump-dom", "--allow-file-access-from-files", "--window-size=\(max(width, 500)),900", "file://\(shown)"],
      in: folder)
    let start = try #require(document.range(of: "data-found=\""), "\(document.suffix(400))")
    let text = document[start.upperBound...].prefix { $0 != "\"" }
    let json = text.replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
    return try JSONDecoder().decode(Findings.self, from: Data(json.utf8))
  }

  @Test(arguments: [360, 500, 700, 820, 900, 1400])
  func `the page fits its window, asks for nothing, and its slider shows other plans`(_ width: Int) throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, [("sensitivity", #"{"bootstrap": 5}"#)])
    let found = try Self.findings(try ReportedSearch.page(in: folder), width: width, in: folder)
    #expect(found.width == width)
    #expect(found.contentWidth <= found.width, "nothing is wider than the window")
    #expect(found.resources == 0)
    #expect(found.violations == 0)
    #expect(found.scripts == 3, "the page's own and the two of this test")
    #expect(!found.isSlideHidden)
    #expect(found.before.contains("this plan") && found.before.contains("predicted loss change"))
    #expect(found.after != found.before && !found.after.contains("this plan"))
    #expect(found.columnBefore != found.columnAfter)
    #expect(found.tooSmall.isEmpty)
    #expect(found.cramped.isEmpty, "numbers that do not fit their cards")
    #expect(found.counts > 0, "the network picture has its counts")
    #expect(found.tableBefore != found.tableAfter)
  }

  @Test(arguments: [380, 800, 1400]) func `the page of ResNet-50 fits its window`(_ width: Int) throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, ResNet50Format.changes(in: folder), format: ResNet50Format())
    let found = try Self.findings(try ReportedSearch.page(in: folder), width: width, in: folder)
    #expect(found.width == width && found.contentWidth <= found.width)
    #expect(found.violations == 0 && found.scripts == 3 && found.cramped.isEmpty && found.tooSmall.isEmpty)
    #expect(found.counts > 40 && found.tableBefore != found.tableAfter)
  }

  @Test(arguments: HostileFileTests.names) func `a name of whatever kind does nothing`(_ name: String) throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, format: RenamingFormat { "\($0)\(name)" })
    let found = try Self.findings(try ReportedSearch.page(in: folder), width: 800, in: folder)
    #expect(found.scripts == 3 && found.violations == 0 && found.resources == 0)
    #expect(found.contentWidth <= found.width)
  }
}

/// A browser without a window.
enum Browser {
  private static let path: String? = {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"]
    let found = names.lazy.flatMap { name in folders.map { "\($0)/\(name)" } }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    if found == nil { print("no chromium on PATH: the tests of the page in a browser are skipped") }
    return found
  }()

  static var isPresent: Bool { path != nil }

  /// What a run of it prints.
  static func run(_ arguments: [String], in folder: TemporaryFolder) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "")
    process.arguments =
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
        "--user-data-dir=\(folder.file("profile"))",
      ] + arguments
    let output = try folder.write(Data(), as: "document")
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return String(decoding: try folder.contents(of: "document"), as: UTF8.self)
  }
}
