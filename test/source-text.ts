/** Just enough of TypeScript's lexical rules to tell code from comments, strings, templates and regular expressions. */

/**
 * The same text with comments and the contents of strings, templates and regular expressions replaced by spaces; line
 * breaks stay. What stands between `${` and `}` is code.
 */
export function onlyCode(source: string): string {
  let out = ''
  let at = 0
  /** One entry per open `${`: how many braces are open inside it. */
  const templates: number[] = []

  const blank = (end: number): void => {
    out += source.slice(at, end).replace(/[^\n]/g, ' ')
    at = end
  }
  const keep = (count: number): void => {
    out += source.slice(at, at + count)
    at += count
  }
  /** From behind the opening quote to behind the closing one. */
  const quoted = (quote: string): void => {
    let end = at
    while (end < source.length && source[end] !== quote && source[end] !== '\n')
      end += source[end] === '\\' ? 2 : 1
    blank(Math.min(end, source.length))
    keep(1)
  }
  /** From behind a backtick, or behind the `}` of a substitution, to behind the next `${` or the closing backtick. */
  const template = (): void => {
    let end = at
    while (end < source.length && source[end] !== '`' && !source.startsWith('${', end)) {
      end += source[end] === '\\' ? 2 : 1
    }
    blank(Math.min(end, source.length))
    if (source[at] === '`') keep(1)
    else {
      keep(2)
      templates.push(0)
    }
  }
  const regularExpression = (): void => {
    let end = at
    let inClass = false
    while (end < source.length && source[end] !== '\n' && (inClass || source[end] !== '/')) {
      if (source[end] === '[') inClass = true
      if (source[end] === ']') inClass = false
      end += source[end] === '\\' ? 2 : 1
    }
    blank(Math.min(end, source.length))
    keep(1)
  }

  while (at < source.length) {
    const char = source[at]
    if (source.startsWith('//', at)) blank(endOf(source, '\n', at))
    else if (source.startsWith('/*', at)) blank(Math.min(endOf(source, '*/', at + 2) + 2, source.length))
    else if (char === "'" || char === '"') {
      keep(1)
      quoted(char)
    } else if (char === '`') {
      keep(1)
      template()
    } else if (char === '/' && mayStartExpression(out)) {
      keep(1)
      regularExpression()
    } else if (char === '{' && templates.length > 0) {
      templates.push((templates.pop() ?? 0) + 1)
      keep(1)
    } else if (char === '}' && templates.length > 0) {
      const open = templates.pop() ?? 0
      keep(1)
      if (open === 0) template()
      else templates.push(open - 1)
    } else keep(1)
  }
  return out
}

/** What a file imports or exports from, also by `import()` and in types. */
export function importedBy(source: string): string[] {
  const found: string[] = []
  for (const match of onlyCode(source).matchAll(/\b(?:from|import|import\s*\()\s*(['"])/g)) {
    const begin = match.index + match[0].length
    found.push(source.slice(begin, endOf(source, match[1] ?? '', begin)))
  }
  return found
}

function endOf(text: string, what: string, from: number): number {
  const end = text.indexOf(what, from)
  return end === -1 ? text.length : end
}

/** A slash divides after a value, and starts a regular expression elsewhere. */
function mayStartExpression(before: string): boolean {
  const code = before.trimEnd()
  return code === '' || /[=(,:[!&|?{};+\-*%<>~^]$|\b(?:return|case|typeof|of|in)$/.test(code)
}
