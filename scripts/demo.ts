// `npm run demo`: a song becomes a video on the stack of this clone, through every real part.

import { join, relative } from 'node:path'
import { demoReport } from './demo/demo-results.ts'
import { DEMO_HELP, demoOptions, UsageError } from './demo/options.ts'
import type { DemoOptions } from './demo/options.ts'
import { DEMO_STEPS, runDemo, StepError } from './demo/run-demo.ts'
import type { DemoOutcome } from './demo/run-demo.ts'
import { createStepDisplay } from './demo/step-display.ts'
import { stopRequest } from './stack/stop-request.ts'
import { projectRoot } from './stack/toolchain.ts'

const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

async function run(options: DemoOptions): Promise<number> {
  const signal = stopRequest()
  const display = createStepDisplay(options.json ? process.stderr : process.stdout, DEMO_STEPS)
  let outcome: DemoOutcome
  try {
    outcome = await runDemo({ options, dir: join(projectRoot, '.spool'), display, signal })
  } catch (error) {
    display.close()
    if (signal.aborted) {
      const isQuiet = error instanceof StepError || signal.reason === error
      console.error(
        `\nStopped.${isQuiet ? '' : ` The render may not be canceled: ${sentence(error)}`}`,
      )
      return EXIT.interrupted
    }
    const where = error instanceof StepError ? ` at "${error.step}"` : ''
    console.error(
      `\nThe demo failed${where}: ${error instanceof Error ? error.message : String(error)}`,
    )
    return EXIT.failed
  }
  display.close()
  const { execution, video, results } = outcome
  if (options.json) console.log(JSON.stringify(demoReport(execution, video, results)))
  else if (results) console.log(summary(outcome))
  if (results) return EXIT.done
  console.error(`\n${failure(outcome)}`)
  return signal.aborted ? EXIT.interrupted : EXIT.failed
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function failure({ execution: { status, error, credits } }: DemoOutcome): string {
  if (status === 'canceled') return `The render was canceled; ${credits.held} credits are back.`
  const step = error?.step ? ` at "${error.step}"` : ''
  return `The render failed${step}: ${error?.message ?? status}`
}

function summary({ execution, video, results, isStackStopped }: DemoOutcome): string {
  if (!results) return ''
  const place = (path: string) => relative(process.cwd(), path)
  const delivered = [
    ['Video', results.video],
    ['Thumbnail', results.thumbnail],
    ['Square thumbnail', results.squareThumbnail],
    ['Cropped audio', results.audio],
  ] as const
  const { captured } = execution.credits
  return [
    '',
    `  ${results.durationSeconds.toFixed(1)} s of video, rendered in ${video.renderTimeSeconds?.toFixed(1)} s for ${captured} credits.`,
    '',
    ...delivered.map(([name, { path }]) => `  ${name.padEnd(18)}${place(path)}`),
    '',
    isStackStopped
      ? '  The stack is stopped again. `npm start` brings it back, and these links with it:'
      : '  The same from the stack that is running:',
    '',
    ...delivered.map(([name, { url }]) => `  ${name.padEnd(18)}${url}`),
    `  ${'Temporal Web UI'.padEnd(18)}${execution.temporalUrl}`,
    '',
  ].join('\n')
}

try {
  // npm runs scripts in the project's folder; a file is named from where the user is.
  const options = demoOptions(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd())
  if (options === 'help') console.log(DEMO_HELP)
  else process.exitCode = await run(options)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message} See npm run demo -- --help.`)
  process.exitCode = EXIT.usage
}
