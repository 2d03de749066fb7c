// `npm run bench [-- name… --quick --executions=5000]`: every figure against its yardstick, in one run.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measure as clips } from './clips.ts'
import { tableOf, type Figure } from './figure.ts'
import { measure as generations } from './generations.ts'
import { measure as history } from './history.ts'
import { measure as ladder } from './ladder.ts'
import { measure as merge } from './merge.ts'
import { measure as pipeline } from './pipeline.ts'
import { measure as recovery } from './recovery.ts'
import { measure as ranges } from './ranges.ts'
import { measure as renderer } from './renderer.ts'
import type { Measure, Run } from './run.ts'
import { startBenchStack, type BenchStack } from './stack.ts'
import { measure as stills } from './stills.ts'
import { measure as stream } from './stream.ts'
import { measure as tasks } from './tasks.ts'
import { measure as throughput } from './throughput.ts'
import { measure as waiting } from './waiting.ts'
import { measure as wakeup } from './wakeup.ts'
import { stopRequest } from '../scripts/stack/stop-request.ts'

const BENCHMARKS: Record<string, Measure> = {
  pipeline,
  wakeup,
  recovery,
  throughput,
  renderer,
  ladder,
  history,
  waiting,
  tasks,
  stills,
  stream,
  merge,
  generations,
  ranges,
  clips,
}

const say = (line: string) => console.error(`${new Date().toLocaleTimeString('sv')}  ${line}`)

const readArguments = () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      executions: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const unknown = positionals.filter((name) => !(name in BENCHMARKS))
  if (unknown.length > 0) {
    throw new Error(
      `There is no ${unknown.join(', ')}; choose from ${Object.keys(BENCHMARKS).join(', ')}.`,
    )
  }
  const executions = Number(values.executions ?? (values.quick ? 500 : 5_000))
  if (!Number.isInteger(executions) || executions < 10) {
    throw new Error('--executions takes a whole number from 10.')
  }
  const names = positionals.length === 0 ? Object.keys(BENCHMARKS) : positionals
  return { names, quick: values.quick, executions }
}

const machine = (): string => {
  const [minute = 0] = loadavg()
  const model = cpus()[0]?.model ?? 'unknown processor'
  return `${availableParallelism()} × ${model}, load ${minute.toFixed(1)}, Node ${process.version}`
}

const measureAll = async (names: readonly string[], run: Run): Promise<Figure[]> => {
  const figures: Figure[] = []
  for (const name of names) {
    run.say(`Measuring ${name} (load ${(loadavg()[0] ?? 0).toFixed(1)})`)
    const measured = (await BENCHMARKS[name]?.(run)) ?? []
    for (const { name: figure, ours, yardstick, ratio } of measured) {
      run.say([`  ${figure}: ${ours}`, yardstick, ratio].filter(Boolean).join(', '))
    }
    figures.push(...measured)
  }
  return figures
}

const main = async (): Promise<void> => {
  const asked = readArguments()
  if (asked === null) {
    console.log(
      `npm run bench -- [name …] [--quick] [--executions=5000]\n\nNames: ${Object.keys(BENCHMARKS).join(', ')}.`,
    )
    return
  }
  const { names, quick, executions } = asked
  const stopAsked = stopRequest()
  const dir = mkdtempSync(join(tmpdir(), 'spool-bench-'))
  // PostgreSQL runs as another user when we are root, and must be able to pass through.
  chmodSync(dir, 0o711)
  let stack: Promise<BenchStack> | null = null
  const end = async () => {
    await stack?.then(
      (started) => started.stop(),
      () => undefined,
    )
    rmSync(dir, { recursive: true, force: true })
  }
  const interrupted = new Promise<never>((_, reject) => {
    stopAsked.addEventListener('abort', () => reject(new Error('Stopped.')))
  })
  try {
    const startedAtMs = Date.now()
    const before = machine()
    const run = { quick, executions, say, stack: () => (stack ??= startBenchStack(dir)) }
    const figures = await Promise.race([measureAll(names, run), interrupted])
    console.log(`\n${tableOf(figures)}\n`)
    const minutes = ((Date.now() - startedAtMs) / 60_000).toFixed(1)
    console.log(`${before}; load ${(loadavg()[0] ?? 0).toFixed(1)} at the end, ${minutes} minutes`)
    if (figures.some(({ met }) => !met)) process.exitCode = 1
  } finally {
    await end()
  }
}

try {
  await main()
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
