/// How the page looks: light and dark, narrow and wide, on paper.
enum PageStyle {
  /// The style sheet.
  static let sheet: Markup = """

    :root {
      color-scheme: light dark;
      --paper: #ffffff; --panel: #f5f6f8; --ink: #1a1d23; --soft: #5a626e; --line: #dfe3e8;
      --was: #8d97a5; --now: #2b66c8; --mark: #c2500f; --knee: #7a4fc0;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #14171c; --panel: #1d2128; --ink: #e9ebef; --soft: #a0a8b4; --line: #2f353e;
        --was: #6b7583; --now: #6ea6ff; --mark: #ff9a52; --knee: #b795f5;
      }
    }
    @media print {
      :root {
        color-scheme: light;
        --paper: #ffffff; --panel: #f5f6f8; --ink: #1a1d23; --soft: #5a626e; --line: #dfe3e8;
        --was: #8d97a5; --now: #2b66c8; --mark: #c2500f; --knee: #7a4fc0;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
    body {
      margin: 0 auto; padding: 2.5rem clamp(1rem, 4vw, 2.5rem) 4rem; max-width: 68rem;
      background: var(--paper); color: var(--ink);
      font: 400 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
      font-variant-numeric: tabular-nums; -webkit-print-color-adjust: exact; print-color-adjust: exact;
    }
    h1, h2, h3 { line-height: 1.2; text-wrap: balance; overflow-wrap: anywhere; }
    h1 { margin: 0 0 .5rem; font-size: clamp(1.6rem, 4vw, 2.3rem); font-weight: 650; letter-spacing: -.015em; }
    h2 { margin: 0 0 .4rem; font-size: 1.35rem; font-weight: 650; letter-spacing: -.01em; }
    h3 { margin: 1.8rem 0 .4rem; font-size: 1rem; font-weight: 650; }
    section { margin-top: 3.5rem; scroll-margin-top: 1rem; }
    .kind { margin: 0 0 .3rem; color: var(--soft); font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; }
    .lead { margin: 0 0 1.5rem; max-width: 46rem; color: var(--soft); }
    .note { margin: 0 0 1rem; max-width: 46rem; color: var(--soft); font-size: .925rem; }
    code { font: .9em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
    small { display: block; color: var(--soft); font-size: .8rem; font-weight: 400; }
    a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: .2em; }
    a:focus-visible, summary:focus-visible, input:focus-visible, .scroll:focus-visible {
      outline: 2px solid var(--now); outline-offset: 2px;
    }
    nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: 2rem 0 0; padding: .7rem 0; list-style: none;
      border-block: 1px solid var(--line); font-size: .9rem; }
    .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11.25rem), 1fr)); gap: .75rem; margin: 0 0 1.5rem; }
    .card { min-width: 0; padding: .9rem 1rem; background: var(--panel); border-radius: .6rem; }
    .card dt { color: var(--soft); font-size: .85rem; }
    .card dd { margin: 0; }
    .card strong { display: block; font-size: 1.45rem; font-weight: 650; line-height: 1.25; letter-spacing: -.01em; overflow-wrap: anywhere; }
    .card:first-child strong { color: var(--now); }
    .card code { white-space: nowrap; }
    .card span { display: block; margin-top: .15rem; color: var(--soft); font-size: .8rem; line-height: 1.4; }
    .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem; align-items: start; }
    .pair > * { min-width: 0; }

    figure { margin: 0; }
    figcaption { color: var(--soft); font-size: .8rem; }
    svg { display: block; }
    svg text { fill: var(--ink); font-size: 12px; unicode-bidi: isolate; }
    svg text.soft, svg text.count, .plot text, .bars thead text { fill: var(--soft); }
    .was { fill: var(--was); }
    .now { fill: var(--now); }
    .track { fill: var(--panel); }
    .lost { fill: var(--now); }
    .stays { stroke: var(--was); stroke-width: 1.5; stroke-dasharray: 1 5; stroke-linecap: round; }
    .error { stroke: var(--ink); stroke-width: 1.5; }
    .key { display: inline-block; width: .8em; height: .8em; border-radius: .15em; vertical-align: -.05em; }
    .key.was { background: var(--was); }
    .key.now { background: var(--now); }
    .key.line, .key.dash { width: 1.4em; height: 0; border-radius: 0; border-top: 2px solid var(--now); vertical-align: .25em; }
    .key.dash { border-top: 2px dashed var(--soft); }
    .key.dot { border-radius: 50%; background: var(--now); }
    .key.plan { background: var(--mark); }
    .key.knee { background: var(--knee); }
    .key.chosen { background: none; border: 2px solid var(--ink); }

    .network .edge, .network .edge line { stroke: var(--soft); stroke-width: 1; stroke-opacity: .55; }
    .network .joint { fill: var(--paper); stroke: var(--soft); }
    .network .end { fill: var(--soft); }
    .network .sign { text-anchor: middle; font-size: 13px; fill: var(--soft); }
    .network .count { text-anchor: end; }
    .network .short { display: none; }

    .frame .plot { width: 100%; height: 19rem; overflow: visible; }
    .frame { padding: .5rem .6rem 1.6rem 3.6rem; }
    .frame > figcaption { margin: 1.7rem 0 0; text-align: end; }
    #frontier { padding-top: 1.6rem; }
    .plot .title { text-anchor: start; }
    .plot .grid { stroke: var(--line); }
    .plot .tx { text-anchor: middle; }
    .plot .ty { text-anchor: end; }
    .plot .curve { fill: none; stroke: var(--now); stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
    .plot .bound { fill: none; stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 5 4; vector-effect: non-scaling-stroke; }
    .dot { fill: var(--now); }
    .dot.plan { fill: var(--mark); stroke: var(--paper); stroke-width: 1.5; }
    .dot.knee { fill: var(--knee); stroke: var(--paper); stroke-width: 1.5; }
    .dot.chosen { fill: none; stroke: var(--ink); stroke-width: 2; }
    .entry { white-space: nowrap; }
    .legend { display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; margin: 0; color: var(--soft); font-size: .85rem; }
    .slide { margin: 1.2rem 0 0; }
    .slide label { display: block; font-size: .9rem; font-weight: 600; }
    .slide input { width: 100%; height: 2rem; margin: 0; accent-color: var(--now); }
    .point { margin: .6rem 0 .8rem; }
    .strip figcaption { display: flex; justify-content: space-between; gap: 1rem; margin-top: .3rem; }
    .small { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 1.2rem 1rem; align-items: end; }
    .small .frame { padding: 0 1.3rem 1.8rem 2.8rem; break-inside: avoid; min-width: 0; }
    .small .frame > figcaption { margin: 0 0 .5rem -2.8rem; text-align: start; }
    .small .plot { height: 7rem; }
    .small .plot text { font-size: 11px; }
    .above strong, .above span { display: block; overflow-wrap: anywhere; }
    .above strong { color: var(--ink); font-size: .85rem; font-weight: 600; }
    .above small { display: inline; }

    table { border-collapse: collapse; }
    caption { padding-bottom: .3rem; color: var(--soft); font-size: .85rem; text-align: start; }
    th { font-weight: 600; text-align: start; }
    .scroll { overflow-x: auto; }
    .tall { max-height: 20rem; margin-top: 1rem; overflow-y: auto; }
    .tall thead th { position: sticky; top: 0; background: var(--paper); }
    .data { width: 100%; font-size: .9rem; }
    .data th, .data td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
    .data thead th { color: var(--soft); font-size: .82rem; font-weight: 500; }
    .data tbody th { font-weight: 500; overflow-wrap: break-word; min-width: 8rem; }
    .data td { overflow-wrap: anywhere; min-width: 5rem; }
    .data .num { text-align: end; white-space: nowrap; min-width: 0; }
    .data tr > :last-child { padding-right: 0; }
    .names { margin: 0; padding: 0; list-style: none; }
    .bars { width: 100%; font-size: .9rem; table-layout: fixed; }
    .bars th, .bars td { padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
    .bars thead th { color: var(--soft); font-size: .82rem; font-weight: 500; vertical-align: bottom; }
    .bars thead text { text-anchor: middle; font-size: 11px; }
    .bars thead text.start { text-anchor: start; }
    .bars thead text.end { text-anchor: end; }
    .bars th:first-child { width: 34%; }
    .bars tbody th { font-weight: 500; overflow-wrap: anywhere; }
    .bars .num { width: 11.5rem; padding-right: 0; text-align: end; white-space: nowrap; }
    .bars svg { overflow: visible; }
    .bars .value { display: block; color: var(--soft); font-size: .78rem; line-height: 1.2; }
    #layers .bars .num { width: 7rem; }
    details { margin-top: 1rem; }
    summary { cursor: pointer; color: var(--soft); font-size: .9rem; padding: .25rem 0; }
    details[open] summary { margin-bottom: .6rem; }
    pre { margin: 0; padding: 1rem; overflow-x: auto; background: var(--panel); border-radius: .6rem; font-size: .8rem; }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    [hidden] { display: none !important; }
    footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .82rem; }

    @media (max-width: 60rem) {
      .network .long { display: none; }
      .network .short { display: inline; }
      .network .short text { font-size: 11px; }
    }
    @media (max-width: 40rem) {
      .frame .plot { height: 15rem; }
      .small .plot { height: 7rem; }
      .cards { grid-template-columns: repeat(auto-fit, minmax(min(100%, 9.75rem), 1fr)); }
      .card { padding: .75rem; }
      .card:first-child { grid-column: 1 / -1; }
      .card strong { font-size: 1.2rem; }
      .data th, .data td { padding-right: .6rem; }
      .data tbody th { min-width: 6rem; }
      .bars, .bars tbody { display: block; }
      .bars thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      .bars tbody tr { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line); }
      .bars tbody th, .bars tbody td { display: block; padding: 0; border: 0; }
      .bars tbody th:first-child, .bars .num, #layers .bars .num { width: auto; }
      .bars .bar { grid-column: 1 / -1; grid-row: 2; }
      .bars tbody th { font-size: .85rem; }
      .long-numbers tbody th { grid-column: 1 / -1; }
      .bars.long-numbers .num { grid-column: 1 / -1; grid-row: 3; color: var(--soft); font-size: .82rem; text-align: start; }
      .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      .stack, .stack caption, .stack tbody, .stack tr, .stack th, .stack td { display: block; }
      .stack tbody tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
      .stack tbody th, .stack tbody td { padding: .15rem 0; border: 0; }
      .stack td::before { content: attr(data-title) ": "; color: var(--soft); }
    }
    @media print {
      body { max-width: none; padding: 0; font-size: 10pt; }
      nav, .slide, .script, #chosen, details:not([open]) { display: none !important; }
      section { margin-top: 2rem; }
      h2, h3, .note { break-after: avoid; break-inside: avoid; }
      tr, .card, .strip, .frame { break-inside: avoid; }
      .scroll { max-height: none; overflow: visible; }
      .data tbody th { overflow-wrap: anywhere; }
    }
    @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }

    """
}
