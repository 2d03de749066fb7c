/** One line of the table: what was measured, against what, and what it should be. */
export interface Figure {
  readonly name: string
  readonly ours: string
  /** What ours was measured against, in the same run. */
  readonly yardstick: string
  /** The number that the goal is about. */
  readonly ratio: string
  readonly goal: string
  readonly met: boolean
}

const COLUMNS = ['figure', 'ours', 'yardstick', 'ratio', 'goal', ''] as const

/** All figures as a Markdown table, which a terminal shows well enough. */
export const tableOf = (figures: readonly Figure[]): string => {
  const rows = figures.map(({ name, ours, yardstick, ratio, goal, met }) => [
    name,
    ours,
    yardstick,
    ratio,
    goal,
    met ? 'met' : 'MISSED',
  ])
  const widths = COLUMNS.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [line(COLUMNS), rule, ...rows.map(line)].join('\n')
}

/** `ours / yardstick` must not be above `goal`. */
export const atMost = (ratio: number, goal: number) => ({
  ratio: ratio.toFixed(2),
  goal: `≤ ${goal.toFixed(2)}`,
  met: ratio <= goal,
})

/** `ours / yardstick` must not be below `goal`. */
export const atLeast = (ratio: number, goal: number) => ({
  ratio: ratio.toFixed(2),
  goal: `≥ ${goal.toFixed(2)}`,
  met: ratio >= goal,
})
