import { styleText } from 'node:util'
import type { StepStatus } from '../../src/domain/statuses.ts'

const BAR_WIDTH = 24
const SLIDER_WIDTH = 5
const NAME_WIDTH = 16
const FRAMES_PER_SECOND = 8
/** What a log gets of a long step. */
const PLAIN_PROGRESS_STEP = 25

// A line that is wider than the terminal is cut by it, or going up would miss the first bar.
const WRAP_OFF = '\x1b[?7l'
const WRAP_ON = '\x1b[?7h'
const CURSOR_OFF = '\x1b[?25l'
const CURSOR_ON = '\x1b[?25h'
const CLEAR_TO_END = '\x1b[K'

/** How a step stands. */
export type StepRow = {
  name: string
  status: StepStatus
  /** 0 to 100; null when nobody knows. */
  progress: number | null
  startedAtMs: number | null
  finishedAtMs: number | null
  note: string
}

/** Shows steps while they work. */
export type StepDisplay = {
  show: (change: Partial<StepRow> & { name: string }) => void
  /** One line beside the steps. */
  say: (line: string) => void
  close: () => void
}

/** One bar per step on a terminal, one line per change elsewhere. */
export function createStepDisplay(
  stream: NodeJS.WriteStream,
  names: readonly string[],
): StepDisplay {
  const rows = new Map(names.map((name) => [name, pendingRow(name)]))
  const draw = stream.isTTY ? bars(stream, names) : lines(stream)
  return {
    show: (change) => {
      const before = rows.get(change.name) ?? pendingRow(change.name)
      const row = { ...before, ...change }
      if (row.status === 'processing') row.startedAtMs ??= Date.now()
      rows.set(row.name, row)
      draw.row(row, before)
    },
    say: draw.say,
    close: draw.close,
  }
}

function pendingRow(name: string): StepRow {
  return {
    name,
    status: 'pending',
    progress: null,
    startedAtMs: null,
    finishedAtMs: null,
    note: '',
  }
}

type Drawing = {
  row: (row: StepRow, before: StepRow) => void
  say: (line: string) => void
  close: () => void
}

function bars(stream: NodeJS.WriteStream, names: readonly string[]): Drawing {
  const rows = new Map(names.map((name) => [name, pendingRow(name)]))
  const redraw = () => {
    const drawn = [...rows.values()].map((row) => `${barLine(row, Date.now())}${CLEAR_TO_END}\n`)
    stream.write(`${WRAP_OFF}${drawn.join('')}${WRAP_ON}`)
  }
  const backToTop = () => stream.write(`\x1b[${rows.size}A\r`)
  stream.write(CURSOR_OFF)
  redraw()
  const again = () => {
    backToTop()
    redraw()
  }
  // The seconds go on where the progress does not.
  const timer = setInterval(again, 1000 / FRAMES_PER_SECOND)
  return {
    row: (row) => void rows.set(row.name, row),
    say: (line) => {
      backToTop()
      stream.write(`  ${line}${CLEAR_TO_END}\n`)
      redraw()
    },
    close: () => {
      clearInterval(timer)
      again()
      stream.write(CURSOR_ON)
    },
  }
}

function lines(stream: NodeJS.WriteStream): Drawing {
  const say = (line: string) => void stream.write(`  ${line}\n`)
  const quarter = ({ progress }: StepRow) => Math.floor((progress ?? 0) / PLAIN_PROGRESS_STEP)
  return {
    row: (row, before) => {
      const isNews = row.status !== before.status || row.note !== before.note
      const name = row.name.padEnd(NAME_WIDTH)
      if (row.status === 'processing' && !isNews && quarter(row) > quarter(before)) {
        say(`${name} ${Math.floor(row.progress ?? 0)} %`)
      }
      if (row.status !== 'pending' && isNews) {
        say(
          `${name} ${[row.status, elapsed(row, Date.now()), row.note].filter(Boolean).join('  ')}`,
        )
      }
    },
    say,
    close: () => {},
  }
}

const MARKS = {
  pending: styleText('dim', '·'),
  processing: styleText('cyan', '›'),
  completed: styleText('green', '✓'),
  skipped: styleText('dim', '–'),
  failed: styleText('red', '✗'),
  canceled: styleText('yellow', '✗'),
} as const satisfies Record<StepStatus, string>

/** A step as one line of a terminal, at a moment. */
function barLine(row: StepRow, nowMs: number): string {
  const name = row.name.padEnd(NAME_WIDTH)
  const percent = row.status === 'processing' && row.progress ? `${Math.floor(row.progress)} %` : ''
  const time = elapsed(row, nowMs)
  return [
    ` ${MARKS[row.status]}`,
    row.status === 'pending' ? styleText('dim', name) : name,
    bar(row, nowMs),
    (percent || time).padStart(7),
    styleText('dim', row.note),
  ].join(' ')
}

function bar(row: StepRow, nowMs: number): string {
  if (row.status === 'processing' && !row.progress) {
    // There and back again: it works, and nobody knows for how long.
    const room = BAR_WIDTH - SLIDER_WIDTH
    const step = Math.floor((nowMs / 1000) * FRAMES_PER_SECOND) % (2 * room)
    const left = Math.min(step, 2 * room - step)
    return blocks(left, SLIDER_WIDTH)
  }
  const isDone = row.status === 'completed'
  const share = isDone ? 1 : Math.min(1, (row.progress ?? 0) / 100)
  return blocks(0, Math.round(share * BAR_WIDTH), isDone)
}

function blocks(left: number, width: number, isDone = false): string {
  const track = (length: number) => styleText('dim', '─'.repeat(length))
  const body = styleText(isDone ? 'green' : 'cyan', '━'.repeat(width))
  return `${track(left)}${body}${track(BAR_WIDTH - left - width)}`
}

function elapsed({ status, startedAtMs, finishedAtMs }: StepRow, nowMs: number): string {
  if (startedAtMs === null || status === 'pending' || status === 'skipped') return ''
  if (status === 'processing') return nowMs - startedAtMs < 1000 ? '' : seconds(nowMs - startedAtMs)
  return seconds((finishedAtMs ?? nowMs) - startedAtMs)
}

function seconds(durationMs: number): string {
  if (durationMs < 100) return `${Math.max(0, Math.round(durationMs))} ms`
  return `${(durationMs / 1000).toFixed(1)} s`
}
