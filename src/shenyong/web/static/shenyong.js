// What makes the pages quicker. Without it every form works all the same. No HTML is ever parsed
// here: elements are made one by one, and words are put in as text (Trusted Types allow nothing else).

const make = (name, words, kind) => {
  const element = document.createElement(name);
  if (words) element.textContent = words;
  if (kind) element.className = kind;
  return element;
};

// Enter never sends while characters are being composed; Ctrl+Enter does, when they are not.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = event.target.closest('form') || document.querySelector('form[data-ask]');
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector('[data-primary]') || undefined);
});

// A text that was typed and not sent is not left without a question.
for (const form of document.querySelectorAll('form[data-guard]')) {
  let changed = false;
  form.addEventListener('input', () => { changed = true; });
  form.addEventListener('submit', () => { changed = false; });
  window.addEventListener('beforeunload', (event) => { if (changed) event.preventDefault(); });
}

// Findings while one types: after a pause, and never in the middle of a composition.
class Looking {
  constructor(form) {
    this.form = form;
    this.area = form.querySelector('textarea[name=prompt]');
    this.live = form.querySelector('[data-live]');
    this.composing = false;
    this.turn = 0;
    if (!this.area || !this.live) return;
    this.area.addEventListener('compositionstart', () => { this.composing = true; });
    this.area.addEventListener('compositionend', () => { this.composing = false; this.soon(); });
    this.area.addEventListener('input', () => { if (!this.composing) this.soon(); });
    form.querySelector('[name=model]')?.addEventListener('change', () => this.soon());
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), 500);
  }

  async look() {
    if (this.composing) return;
    const turn = ++this.turn;
    const text = this.area.value;
    const body = new URLSearchParams({
      csrf: this.form.elements.csrf.value, prompt: text, model: this.form.elements.model.value,
    });
    const answer = await fetch(this.form.dataset.look, { method: 'POST', body });
    if (!answer.ok || turn !== this.turn) return;
    this.show(text.replace(/\r\n/g, '\n'), await answer.json());
  }

  show(text, seen) {
    this.live.replaceChildren();
    if (!seen.headline) return;
    this.live.append(make('b', seen.headline));
    if (!seen.rows.length) return;
    const back = make('p');
    let at = 0;
    for (const row of seen.rows) {
      back.append(text.slice(at, row.start));
      const mark = make('mark', text.slice(row.start, row.end), row.class);
      mark.append(make('sup', String(row.number)));
      back.append(mark);
      at = row.end;
    }
    back.append(text.slice(at));
    const list = make('ol');
    for (const row of seen.rows) list.append(make('li', `${row.kind} ${row.masked} — ${row.advice}`));
    this.live.append(back, list);
  }
}

// The answer as it is written; stopping keeps what there is.
class Asking {
  constructor(form) {
    this.form = form;
    this.box = form.parentElement.querySelector('[data-stream]');
    if (!this.box) return;
    this.words = JSON.parse(form.dataset.words);
    form.addEventListener('submit', (event) => this.ask(event));
  }

  async ask(event) {
    const fix = event.submitter?.name === 'fix' ? event.submitter.value : '';
    if (fix && fix !== 'all') return; // one remedy: the page comes back with it applied
    event.preventDefault();
    const body = new URLSearchParams(new FormData(this.form, event.submitter || undefined));
    const stop = new AbortController();
    this.box.hidden = false;
    this.form.inert = true;
    const state = this.box.querySelector('[data-stream-state]');
    const text = this.box.querySelector('[data-stream-text]');
    const began = performance.now();
    const tick = setInterval(() => {
      const seconds = Math.round((performance.now() - began) / 1000);
      state.textContent = `${text.textContent ? this.words.writing : this.words.asking} ${seconds} ${this.words.seconds}`;
    }, 250);
    const button = this.box.querySelector('[data-stop]');
    button.addEventListener('click', () => stop.abort(), { once: true });
    button.focus();
    let go = location.pathname + '?said=stopped';
    try {
      const answer = await fetch(this.form.action, {
        method: 'POST', body, signal: stop.signal, headers: { accept: 'text/event-stream' },
      });
      if (!(answer.headers.get('content-type') || '').startsWith('text/event-stream')) {
        this.form.inert = false;
        clearInterval(tick);
        this.form.submit(); // refused before it began: the page itself says why
        return;
      }
      for await (const { name, data } of events(answer.body)) {
        if (name === 'text') { text.append(data); this.say(data); }
        if (name === 'go') go = data;
      }
    } catch (error) {
      if (error.name !== 'AbortError') go = location.pathname + '?said=failed&again=1';
      await new Promise((done) => setTimeout(done, 600)); // what there is, is being kept
    }
    clearInterval(tick);
    if (go.split('#')[0] === location.pathname + location.search) location.reload();
    else location.assign(go);
  }

  say(piece) { // sentence by sentence, for who listens
    this.pending = (this.pending || '') + piece;
    const end = Math.max(...[...'。！？\n'].map((mark) => this.pending.lastIndexOf(mark)));
    if (end < 0 || (this.last && performance.now() - this.last < 1100)) return;
    this.last = performance.now();
    this.box.querySelector('[data-stream-said]').textContent = this.pending.slice(0, end + 1);
    this.pending = this.pending.slice(end + 1);
  }
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n\n');
    rest = parts.pop();
    for (const part of parts) {
      const [first, second] = part.split('\n');
      yield { name: first.slice(7), data: JSON.parse(second.slice(6)) };
    }
  }
}

for (const form of document.querySelectorAll('form[data-ask]')) {
  new Looking(form);
  new Asking(form);
}

// Copying a part.
for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const area = document.getElementById(button.dataset.copy);
    area.select();
    await navigator.clipboard.writeText(area.value);
  });
}

// Passkeys.
for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const body = new URLSearchParams({ csrf: form.elements.csrf.value });
    const answer = await fetch(form.dataset.options, { method: 'POST', body });
    if (!answer.ok) { location.reload(); return; }
    const options = await answer.json();
    try {
      const credential = form.dataset.passkey === 'create'
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      form.elements.credential.value = JSON.stringify(credential);
    } catch { return; }
    if (form.dataset.passkey === 'create') {
      await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
      location.reload();
    } else form.submit();
  });
}
