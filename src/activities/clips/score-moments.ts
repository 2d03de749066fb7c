import { cancellationSignal } from '@temporalio/activity'
import type { ClipActivities, Footage } from '../../contracts/clip-activities.ts'
import { chooseMoments, overlap } from '../../domain/clips/choose-moments.ts'
import { clipKeys, type ClipWish, type Degradation } from '../../domain/clips/clip-wish.ts'
import { heuristicMoments } from '../../domain/clips/heuristic-moments.ts'
import type { ClipMaterial, Moment } from '../../domain/clips/moment.ts'
import { mergedSpans } from '../../domain/clips/merged-spans.ts'
import { sentencesOf } from '../../domain/clips/sentences.ts'
import { MediaError } from '../../domain/failures.ts'
import type { TimedText } from '../../domain/transcript.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { orderAnswers } from '../lib/order-answers.ts'
import { stepProgress } from '../lib/step-progress.ts'
import { findJson, putJson } from '../lib/stored-text.ts'
import { readFootageTranscript } from './read-footage-transcript.ts'

interface Scored {
  readonly moments: readonly Moment[]
  readonly degradations: readonly Degradation[]
}

/**
 * Chooses the moments that become clips: a language model names them, and what can be measured fills up
 * what it leaves open, or stands in for it where there is no model, or nothing sensible comes from it.
 * *Idempotent:* a choice that was made is kept, so that a retry makes the same clips; so is what the
 * model has answered, which is not paid for twice. *Errors:* STORAGE_UNAVAILABLE, ENCODER_* (retried). *Cancellation:* the model's answer is not waited for.
 */
export const scoreMoments =
  (deps: ActivityDependencies): ClipActivities['scoreMoments'] =>
  async ({ executionId, footage, wish, taken = [] }) => {
    const { momentsKey } = clipKeys(footage.clipsFolderKey)
    const chosen = await findJson<Scored>(deps, momentsKey)
    if (chosen !== null) return chosen
    const transcript = await readFootageTranscript(deps, footage)
    const sentences = sentencesOf(transcript)
    const elsewhere = mergedSpans(taken)
    // A model is not asked about what it may not choose.
    const open = sentences.filter((sentence) => !elsewhere.some((span) => overlap(sentence, span)))
    const named = await askModel(deps, { executionId, footage, sentences: open, wish })
    const material = await measure(deps, { executionId, footage, sentences })
    const choice = { limits: wish.limits, material, taken: elsewhere }
    const best = chooseMoments(named ?? [], choice)
    const measured = heuristicMoments(wish.limits, material)
    const moments = chooseMoments(measured, { ...choice, before: best })
    const isByModel = moments.some(({ source }) => source === 'model')
    const scored: Scored = { moments, degradations: isByModel ? [] : ['heuristicScore'] }
    await putJson(deps, momentsKey, scored)
    return scored
  }

/** What the model names; null when there is none, nothing is said, or it fails: that costs the order
 * its better choice and no more. */
const askModel = async (
  deps: ActivityDependencies,
  about: {
    readonly executionId: string
    readonly footage: Footage
    readonly sentences: readonly TimedText[]
    readonly wish: Pick<ClipWish, 'limits' | 'prompt'>
  },
): Promise<readonly Moment[] | null> => {
  const { momentScorer, log } = deps
  const { executionId, footage, sentences, wish } = about
  if (momentScorer === null || sentences.length === 0) return null
  const progress = stepProgress(deps, { executionId, step: 'score' })
  try {
    return await momentScorer.findMoments({
      sentences,
      limits: wish.limits,
      wish: wish.prompt,
      signal: cancellationSignal(),
      onProgress: progress.report,
      remember: orderAnswers(deps, footage.clipsFolderKey),
    })
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    log.warn({ executionId, code: error.code, detail: error.internalDetail }, 'no model scored')
    return null
  } finally {
    await progress.settled()
  }
}

const measure = async (
  { storage, tools }: ActivityDependencies,
  about: {
    readonly executionId: string
    readonly footage: Footage
    readonly sentences: readonly TimedText[]
  },
): Promise<ClipMaterial> => {
  const { executionId, footage, sentences } = about
  const { picturesSeconds: durationSeconds, hasSound, sourceKey } = footage
  return await tools.withWorkspace(executionId, async (workspace) => {
    const signal = cancellationSignal()
    const inputPath = workspace.path('source')
    await storage.downloadTo(sourceKey, inputPath, signal)
    const measures = await tools.measureRecording({
      inputPath,
      hasSound,
      workPath: workspace.path,
      signal,
    })
    return { durationSeconds, sentences, ...measures }
  })
}
