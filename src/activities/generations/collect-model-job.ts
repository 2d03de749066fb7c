import { writeFile } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { GenerationActivities } from '../../contracts/generation-activities.ts'
import { writeTranscript } from '../../contracts/http/tasks/transcript-file.ts'
import { MediaError } from '../../domain/failures.ts'
import { priceOfModelResult } from '../../domain/generation/estimate.ts'
import type { KeptAnswer } from '../../domain/generation/model-order.ts'
import { LOCAL_PROVIDER } from '../../domain/generation/model-queue.ts'
import type { ModelOutput, ReadyParams } from '../../domain/generation/models/model-facts.ts'
import { findModel, findRoute } from '../../domain/generation/models/table.ts'
import type { JobMedia } from '../../domain/generation/operations.ts'
import type { JobResult, ModelChoice, ModelJob } from '../../domain/generation/plan.ts'
import { readScenes } from '../../domain/generation/scenes.ts'
import { inputsOf } from '../../domain/generation/sources.ts'
import { planTerms } from '../../domain/plans.ts'
import type { Transcript } from '../../domain/transcript.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import type { Workspace } from '../lib/media-tools.ts'
import { asProviderFailure } from '../provider/as-provider-failure.ts'
import { limitBadOutput } from '../provider/limit-bad-output.ts'
import { readJson } from '../lib/stored-text.ts'
import { choiceOf, findJob, type OwnedJob } from './plan-job.ts'
import { readyParams } from './ready-params.ts'
import { measureFile, storeFile } from './store-result.ts'
import { storedInputs } from './stored-inputs.ts'

interface Collection {
  readonly owned: OwnedJob
  readonly job: ModelJob
  readonly choice: ModelChoice
  readonly params: ReadyParams
  /** What is due; null: whatever it is. */
  readonly due: JobMedia | null
  readonly workspace: Workspace
}

/**
 * Takes delivery of what a model has made: finds it in the kept answer, fetches it, makes sure that it is
 * of the kind that is due, measures and stores it, and sets the price of what was delivered. *Idempotent:*
 * a job that has its result keeps it. *Errors:* PROVIDER_OUTPUT_INVALID, PROVIDER_UNAVAILABLE,
 * STORAGE_UNAVAILABLE (retried); NOT_FOUND (final). *Cancellation:* the download stops.
 */
export const collectModelJob =
  (deps: ActivityDependencies): GenerationActivities['collectModelJob'] =>
  async (input) => {
    const owned = await findJob(deps, input)
    const { job, answer } = owned.row
    if (!('choices' in job) || answer === null) {
      throw new MediaError('NOT_FOUND', `no model has answered ${input.jobId}`)
    }
    const choice = choiceOf(owned.row)
    const inputs = await storedInputs(deps, [owned])
    const params = await readyParams(deps, job, inputs, ({ storageKey }) =>
      Promise.resolve(storageKey),
    )
    const [principal] = inputsOf(job)
    const makes = job.operation === 'expand' ? 'text' : (findModel(choice.model)?.makes ?? null)
    const given = principal === undefined ? null : inputs(principal.source).media
    const due = makes === 'input' ? given : makes
    const result =
      owned.row.result ??
      (await limitBadOutput(() =>
        deps.tools.withWorkspace(input.executionId, (workspace) =>
          collect(deps, { owned, job, choice, params, due, workspace }, answer),
        ),
      ))
    const delivery = await deliver(deps, { owned, job, choice, params }, result)
    await forgetAnswer(deps, answer)
    return delivery
  }

/** What was made of an answer is kept by its content. The delivery stands, whatever becomes of this. */
const forgetAnswer = async (
  { storage, log }: ActivityDependencies,
  { storageKey }: KeptAnswer,
): Promise<void> => {
  try {
    await storage.delete(storageKey)
  } catch (error) {
    log.warn({ err: error, storageKey }, 'an answer that was collected could not be removed')
  }
}

const deliver = async (
  { generations }: ActivityDependencies,
  { owned, job, choice, params }: Pick<Collection, 'owned' | 'job' | 'choice' | 'params'>,
  result: JobResult,
) => {
  const { account, row } = owned
  const { executionId, jobId } = row
  const { plan } = account
  const { credits, costMicroUsd } = priceOfModelResult({ choice, params, result, plan })
  const priceCredits = await generations.deliver({
    ...{ executionId, jobId, result, ...choice, priceCredits: credits, costMicroUsd },
    endsStep: job.operation !== 'expand',
  })
  return { priceCredits, outputKey: result.storageKey }
}

const collect = async (
  deps: ActivityDependencies,
  collection: Collection,
  answer: KeptAnswer,
): Promise<JobResult> => {
  const { choice, due, workspace } = collection
  const filePath = workspace.path('answer')
  if (answer.kind === 'file') {
    await deps.storage.downloadTo(answer.storageKey, filePath, cancellationSignal())
    return await storeMedium(deps, collection, filePath)
  }
  const outputs = findRoute(choice)?.outputs(await readJson(deps, answer.storageKey)) ?? []
  const output = outputs.find((one) => mediaOfOutput(one) === due) ?? outputs[0]
  if (output === undefined) throw new MediaError('PROVIDER_OUTPUT_INVALID', 'nothing was made')
  if (output.kind !== 'url') return await storeWords(deps, collection, output)
  await fetchOutput(deps, collection, { url: output.url, filePath })
  return await storeMedium(deps, collection, filePath)
}

const mediaOfOutput = (output: ModelOutput): JobMedia =>
  output.kind === 'url' ? output.media : output.kind === 'text' ? 'text' : 'transcript'

const fetchOutput = async (
  deps: ActivityDependencies,
  { choice, owned }: Collection,
  { url, filePath }: { readonly url: string; readonly filePath: string },
): Promise<void> => {
  const signal = cancellationSignal()
  const inline = /^data:[^,]*;base64,/.exec(url)
  if (inline !== null) {
    await writeFile(filePath, Buffer.from(url.slice(inline[0].length), 'base64'), { signal })
    return
  }
  const maxBytes = planTerms(owned.account.plan).uploadSizeBytesMax
  try {
    await deps.modelFetcherOf(choice.provider).download(url, { filePath, maxBytes, signal })
  } catch (error) {
    throw asProviderFailure(error)
  }
}

/** Half a file is not taken for the whole: it is read to its end, or its own index finds all of it. */
const storeMedium = async (
  deps: ActivityDependencies,
  { owned: { account }, choice, due }: Collection,
  filePath: string,
): Promise<JobResult> => {
  const { mediaDurationSecondsMax: durationSecondsMax } = planTerms(account.plan)
  const trust = choice.provider === LOCAL_PROVIDER ? 'made' : 'ordered'
  const measured = await measureFile(deps, filePath, { trust, durationSecondsMax }).catch(
    (error: unknown) => {
      throw asProviderFailure(error)
    },
  )
  if (due !== null && measured.media !== due) {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', `${measured.media} where ${due} was due`)
  }
  return await storeFile(deps, { accountId: account.id, filePath }, measured)
}

const storeWords = async (
  deps: ActivityDependencies,
  { owned: { account }, job, params, workspace }: Collection,
  output: Exclude<ModelOutput, { readonly kind: 'url' }>,
): Promise<JobResult> => {
  const filePath = workspace.path('words')
  const made = { accountId: account.id, filePath }
  if (output.kind === 'text') {
    // What is no scenes is found out here, while another model can still be asked.
    if (job.operation === 'expand') readScenes(output.text, job.params.scenesMax)
    await writeFile(filePath, output.text)
    return await storeFile(deps, made, { media: 'text', contentType: 'text/plain' })
  }
  const transcript = transcriptOf(output, params)
  const file = writeTranscript(transcript, { words: true, speakers: false })
  await writeFile(filePath, JSON.stringify(file))
  const { durationSeconds } = transcript
  const measured = {
    media: 'transcript',
    contentType: 'application/json',
    durationSeconds,
  } as const
  return await storeFile(deps, made, measured)
}

const transcriptOf = (
  { segments, words, language }: Extract<ModelOutput, { readonly kind: 'words' }>,
  { audio, video, transcript }: ReadyParams,
): Transcript => {
  const heard = (audio ?? video ?? transcript)?.durationSeconds
  const endSeconds = Math.max(0, ...[...segments, ...words].map((part) => part.endSeconds))
  return { language: language ?? 'und', durationSeconds: heard ?? endSeconds, segments, words }
}
