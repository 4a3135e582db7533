/// What the page does beyond being read: the slider shows the plan of each point of the curve.
enum PageScript {
  /// It reads the table of points; without it the page says the same, but for the slider.
  static let text: Markup = """

    (() => {
      const slider = document.getElementById('slider');
      if (!slider) return;
      const rows = [...document.querySelectorAll('#points tbody tr')];
      const titles = [...document.querySelectorAll('#points thead th')].map((cell) => cell.textContent);
      const columns = [...document.querySelectorAll('#strip rect.now')];
      const layers = [...document.querySelectorAll('#kept tbody tr')];
      const chosen = document.getElementById('chosen');
      const output = document.getElementById('point');
      const show = () => {
        const row = rows[slider.value];
        const cells = [...row.cells].map((cell) => cell.textContent);
        output.replaceChildren();
        const strong = (text) => output.appendChild(document.createElement('strong')).append(text);
        strong(cells[0]);
        output.append((cells[1] ? ' (' + cells[1] + ')' : '') + ': ' + titles[2] + ' ');
        strong(cells[2]);
        if (cells[3] !== '–') output.append(', no plan below ' + cells[3]);
        for (let i = 4; i < cells.length; i++) output.append('; ' + cells[i] + ' ' + titles[i]);
        slider.setAttribute('aria-valuetext', output.textContent);
        chosen.setAttribute('cx', row.dataset.x + '%');
        chosen.setAttribute('cy', row.dataset.y + '%');
        chosen.setAttribute('visibility', 'visible');
        (row.dataset.bits || '').split(' ').forEach((bits, index) => {
          if (bits) layers[index].cells[3].textContent = bits;
        });
        row.dataset.kept.split(' ').forEach((kept, index) => {
          layers[index].cells[2].textContent = kept;
          const column = columns[index];
          if (!column) return;
          const channels = Number(column.dataset.channels);
          const share = channels ? 100 * kept / channels : 100;
          column.setAttribute('y', 100 - share + '%');
          column.setAttribute('height', share + '%');
          column.parentNode.querySelector('title').textContent =
            column.dataset.name + ': ' + kept + ' of ' + channels + ' kept';
        });
      };
      document.querySelectorAll('.slide, .script').forEach((part) => { part.hidden = false; });
      slider.addEventListener('input', show);
      show();
    })();

    """
}
