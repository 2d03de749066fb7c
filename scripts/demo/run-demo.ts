import { basename } from 'node:path'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import type { Media } from '../../src/contracts/http/media.ts'
import type { Video } from '../../src/contracts/http/videos.ts'
import { PIPELINE_STEPS } from '../../src/domain/steps.ts'
import { toolchain } from '../stack/toolchain.ts'
import { collectResults } from './demo-results.ts'
import type { DemoResults } from './demo-results.ts'
import { demoStack } from './demo-stack.ts'
import type { DemoStack } from './demo-stack.ts'
import { followExecution } from './follow-execution.ts'
import { demoRegion } from './options.ts'
import type { DemoOptions } from './options.ts'
import { songTitles } from './song-titles.ts'
import { createSpoolClient, Refusal } from './spool-client.ts'
import type { SpoolClient } from './spool-client.ts'
import type { StepDisplay } from './step-display.ts'

const STACK_STEP = 'start the stack'
const UPLOAD_STEP = 'upload the song'
/** Every step of the demo in its order: its own two, and those of the render. */
export const DEMO_STEPS = [STACK_STEP, UPLOAD_STEP, ...PIPELINE_STEPS.render]

/** Encoders stop within seconds; a worker that is away may be back by then. */
const CANCEL_WAIT_MS = 20_000

type Demo = { options: DemoOptions; dir: string; display: StepDisplay; signal: AbortSignal }

/** How a render ended; with results when it is completed. */
export type DemoOutcome = {
  execution: ExecutionAnswer
  video: Video
  results: DemoResults | null
  /** The stack was the demo's own, and is stopped. */
  isStackStopped: boolean
}

/**
 * Renders a song on the stack in `dir`, which is started for it if need be, and stopped again. When
 * `signal` fires the execution is canceled. Throws an error with one sentence when it came to no
 * execution, or when the stack broke down under it.
 */
export async function runDemo(demo: Demo): Promise<DemoOutcome> {
  const stack = await inStep(demo.display, STACK_STEP, () => openStack(demo))
  try {
    const outcome = await Promise.race([renderOn(stack, demo), stack.givenUp])
    return { ...outcome, isStackStopped: stack.isOwn }
  } finally {
    await stack.stop()
  }
}

async function openStack({ dir, display, signal }: Demo): Promise<DemoStack> {
  let isUp = false
  const say = (line: string) => {
    if (isUp) display.say(line)
    else display.show({ name: STACK_STEP, note: line })
  }
  const stack = await demoStack(dir, say, signal)
  isUp = true
  display.show({ name: STACK_STEP, note: stack.isOwn ? '' : 'the one that is running' })
  return stack
}

async function renderOn(
  stack: DemoStack,
  demo: Demo,
): Promise<Omit<DemoOutcome, 'isStackStopped'>> {
  const { options, display, signal, dir } = demo
  const { ffprobePath } = toolchain()
  const client = createSpoolClient(stack.apiUrl, stack.apiKey)
  const tagged = await songTitles(options.songPath, ffprobePath)
  const titles = { title: options.title ?? tagged.title, artist: options.artist ?? tagged.artist }
  const { mediaId, region } = await inStep(display, UPLOAD_STEP, () => upload(client, demo))
  const { videoId, orderId } = await namingStep('order the render', async () => {
    const { format, template } = options
    const draft = { audioMediaId: mediaId, region, format, template, settings: titles }
    const video = await client.post<Video>('/v1/videos', draft, signal)
    signal.throwIfAborted()
    // Not to be broken off: an order whose answer is lost could not be canceled.
    const order = await client.post<{ executionId: string }>(`/v1/videos/${video.id}/renders`, {})
    return { videoId: video.id, orderId: order.executionId }
  })
  const execution = await untilOver(client, orderId, demo)
  const video = await client.get<Video>(`/v1/videos/${videoId}`)
  const { id: executionId, status } = execution
  const results =
    status === 'completed'
      ? await collectResults({ dir, executionId, ffprobePath }, video, titles)
      : null
  return { execution, video, results }
}

async function upload(client: SpoolClient, { options, display, signal }: Demo) {
  const { songPath } = options
  const media = await client.upload<Media>('/v1/media', songPath, signal)
  const region = demoRegion(options, media.durationSeconds ?? 0)
  const note = `${basename(songPath)}, ${region.startSeconds} s to ${region.endSeconds} s`
  display.show({ name: UPLOAD_STEP, note })
  return { mediaId: media.id, region }
}

async function untilOver(
  client: SpoolClient,
  executionId: string,
  { display, signal }: Demo,
): Promise<ExecutionAnswer> {
  const onChange = (execution: ExecutionAnswer) => showExecution(display, execution)
  try {
    return await followExecution({ client, executionId, onChange, signal })
  } catch (error) {
    if (!signal.aborted) throw error
    await client.post(`/v1/executions/${executionId}/cancel`, {}).catch((refusal: unknown) => {
      // It may have ended meanwhile; how, is asked next.
      if (!(refusal instanceof Refusal && refusal.code === 'CONFLICT')) throw refusal
    })
    const timeUp = AbortSignal.timeout(CANCEL_WAIT_MS)
    return followExecution({ client, executionId, onChange, signal: timeUp })
  }
}

function showExecution(display: StepDisplay, execution: ExecutionAnswer): void {
  for (const step of execution.steps) {
    const notes = [
      step.status === 'skipped' ? 'nothing to do' : '',
      step.attempts > 1 ? `attempt ${step.attempts}` : '',
      step.name === 'hold credits' ? `${execution.credits.held} credits` : '',
      step.error?.message ?? '',
      step.name === 'remote render' && execution.status === 'stalled'
        ? 'stalled: no renderer answers, and it waits for one (Ctrl-C cancels)'
        : '',
    ]
    display.show({
      name: step.name,
      status: step.status,
      progress: step.progress,
      startedAtMs: timeMs(step.startedAt),
      finishedAtMs: timeMs(step.finishedAt),
      note: notes.filter(Boolean).join(', '),
    })
  }
}

function timeMs(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso)
}

async function inStep<Result>(
  display: StepDisplay,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  display.show({ name, status: 'processing' })
  try {
    const result = await namingStep(name, work)
    display.show({ name, status: 'completed', finishedAtMs: Date.now() })
    return result
  } catch (error) {
    display.show({ name, status: 'failed', finishedAtMs: Date.now() })
    throw error
  }
}

async function namingStep<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw new StepError(name, error)
  }
}

/** One of the demo's own steps failed. */
export class StepError extends Error {
  readonly step: string

  constructor(step: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.step = step
  }
}
