import { isCancellation, log, workflowInfo } from '@temporalio/workflow'
import type { CroppedAudio, RemoteTask } from '../../contracts/activities.ts'
import { failureRule, type FailureCode } from '../../domain/failures.ts'
import { askAgainAfterMs, isStall } from '../../domain/renderer-rota.ts'
import { ledger, renderer } from '../activities.ts'
import { failureCodeOf, GaveUp } from './failures.ts'
import { headStart, type HeadStart } from './head-start.ts'
import { MANUAL_TASK_ID } from './inbox.ts'
import { alertOperators } from './order-ending.ts'
import { awaitRemoteJob } from './remote-job.ts'
import type { AdmittedRender, RenderDesk } from './render-desk.ts'
import { stretched } from './stretched.ts'
import { tolerate } from './tolerate.ts'

interface CollectedVideo {
  readonly videoKey: string
  readonly renderTimeSeconds: number
}

/** A verified video, and the work on it that has begun already. */
interface RenderedVideo<Made> extends CollectedVideo {
  readonly begun: HeadStart<Made>
}

interface RenderJob<Made> extends AdmittedRender {
  readonly desk: RenderDesk
  readonly audio: CroppedAudio
  /** What is done with the video next. It begins while the video is still being verified; what it
   * made of one that turns out to be wrong is thrown away. */
  readonly begin: (videoKey: string) => Promise<Made>
}

type Trial<Made> =
  | { readonly status: 'rendered'; readonly video: RenderedVideo<Made> }
  | { readonly status: 'failed'; readonly failure: FailureCode }

/**
 * Has the video rendered by the first renderer of the rota that delivers what was asked for. When
 * all of them fail outright, the render fails; when one of them only fell silent, it is stalled and
 * waits for help (see `outlastStall`) before the rota begins again.
 */
export const renderRemotely = async <Made>(job: RenderJob<Made>): Promise<RenderedVideo<Made>> => {
  const failures: FailureCode[] = []
  let round = 0
  let stalls = 0
  let graceMs = job.plan.stalledGraceMs
  for (;;) {
    failures.length = 0
    for (const name of job.plan.rota) {
      round += 1
      const trial = await tryRenderer(job, name, round)
      if (trial.status === 'rendered') return trial.video
      log.warn('a renderer did not deliver', { renderer: name, round, failure: trial.failure })
      if (failureRule(trial.failure).blame === 'caller') throw new GaveUp(trial.failure)
      failures.push(trial.failure)
    }
    if (!isStall(failures)) throw new GaveUp(failures.at(-1) ?? 'RENDERER_UNAVAILABLE')
    stalls += 1
    graceMs -= await outlastStall(job, { stalls, graceMs })
  }
}

const tryRenderer = async <Made>(
  job: RenderJob<Made>,
  name: string,
  round: number,
): Promise<Trial<Made>> => {
  const { desk, order } = job
  const { executionId, videoId } = order
  desk.report({ step: 'remote render', renderer: name, taskId: null, rounds: round })
  try {
    const task = desk.inbox.hasManual
      ? { renderer: name, taskId: MANUAL_TASK_ID }
      : await renderer.submitRender({
          executionId,
          videoId,
          workflowId: workflowInfo().workflowId,
          audio: job.audio,
          renderer: name,
          priority: order.priority,
          round,
          orderedAtMs: Date.now(),
        })
    desk.report({ taskId: task.taskId, waitingFor: 'the webhook of the renderer' })
    const ending = await awaitTask(job, task)
    desk.report({ waitingFor: null })
    if (ending.status === 'failed') return ending
    const { taskId, outputUrl } = ending.event
    const video = await renderer.collectRender({
      executionId,
      videoId,
      renderer: name,
      taskId,
      round,
      ...(outputUrl === undefined ? {} : { outputUrl }),
    })
    return { status: 'rendered', video: { ...video, begun: await verify(job, video) } }
  } catch (error) {
    if (isCancellation(error)) throw error
    return { status: 'failed', failure: failureCodeOf(error) }
  }
}

const verify = async <Made>(
  { order, begin }: RenderJob<Made>,
  { videoKey }: CollectedVideo,
): Promise<HeadStart<Made>> => {
  const begun = headStart(() => begin(videoKey))
  try {
    await renderer.verifyRender({ executionId: order.executionId, videoKey })
    return begun
  } catch (error) {
    await begun.discard()
    throw error
  }
}

const awaitTask = (job: RenderJob<unknown>, task: RemoteTask) =>
  awaitRemoteJob({
    taskId: task.taskId,
    inbox: job.desk.inbox,
    pollIntervalMs: () => stretched(job.plan.pollIntervalMs),
    stallTimeoutMs: job.plan.stallTimeoutMs,
    inspect: () => renderer.inspectRender({ executionId: job.order.executionId, ...task }),
    cancel: () => renderer.cancelRender({ executionId: job.order.executionId, ...task }),
  })

/**
 * Stalled: entered when the rota found nobody who finished and somebody who fell silent. Left when a
 * retry is asked for, a video is delivered by hand, or a renderer answers that it is well; after the
 * grace time the render fails. The hold is kept throughout. Returns how much grace was used.
 */
const outlastStall = async (
  job: RenderJob<unknown>,
  state: { readonly stalls: number; readonly graceMs: number },
): Promise<number> => {
  const { desk, order, plan } = job
  const { executionId } = order
  desk.report({
    status: 'stalled',
    taskId: null,
    waitingFor: 'a retry, or a renderer to come back',
  })
  await ledger.markStalled({ executionId })
  await alertOperators(executionId, {
    title: 'A render is stalled',
    step: 'remote render',
    failure: 'RENDERER_STALLED',
  })
  let waitedMs = 0
  for (let asks = state.stalls - 1; ; asks += 1) {
    const remainingMs = state.graceMs - waitedMs
    if (remainingMs <= 0) throw new GaveUp('RENDERER_STALLED')
    const waitMs = Math.min(askAgainAfterMs(asks), remainingMs)
    if (await desk.helped(waitMs)) break
    waitedMs += waitMs
    const answer = await tolerate('find renderer', () => renderer.findRenderer({ rota: plan.rota }))
    if (answer !== null && answer.renderer !== null) break
  }
  await ledger.markResumed({ executionId })
  desk.report({ status: 'processing', waitingFor: null })
  return waitedMs
}
