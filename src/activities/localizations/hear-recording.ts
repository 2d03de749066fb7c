import { readFile } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import { readTranscript } from '../../contracts/http/tasks/transcript-file.ts'
import type { LocalizationActivities } from '../../contracts/localization-activities.ts'
import { MediaError } from '../../domain/failures.ts'
import { localizationKeys } from '../../domain/localization.ts'
import type { Transcript } from '../../domain/transcript.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import type { Workspace } from '../lib/media-tools.ts'
import { orderAnswers } from '../lib/order-answers.ts'
import { stepProgress } from '../lib/step-progress.ts'
import { putJson } from '../lib/stored-text.ts'

/**
 * Takes the sound out of the medium, or out of what a provider made of it, as speech engines want it.
 * *Idempotent:* the key belongs to the order. *Errors:* MEDIA_NO_AUDIO, MEDIA_UNREADABLE (final);
 * ENCODER_*, DISK_FULL, STORAGE_UNAVAILABLE (retried). *Cancellation:* ffmpeg is ended within seconds.
 */
export const extractAudio =
  (deps: ActivityDependencies): LocalizationActivities['extractAudio'] =>
  async ({ executionId, recording, madeKey }) => {
    const { storage, tools } = deps
    await tools.withWorkspace(executionId, async (workspace) => {
      const signal = cancellationSignal()
      const inputPath = workspace.path('source')
      const outputPath = workspace.path('speech.flac')
      await storage.downloadTo(madeKey ?? recording.sourceKey, inputPath, signal)
      await tools.extractSpeech({ inputPath, outputPath, signal })
      const { audioKey } = localizationKeys(recording.folderKey)
      const about = { contentType: 'audio/flac', signal }
      await storage.put(audioKey, { filePath: outputPath }, about)
    })
  }

/**
 * Writes down what is said, as JSON with segments and words. That nobody speaks is a result: an empty
 * transcript. *Idempotent:* the key belongs to the order, and what an attempt was answered is not asked
 * again. *Errors:* NOT_CONFIGURED, LANGUAGE_UNSUPPORTED, PROVIDER_REJECTED (final);
 * PROVIDER_UNAVAILABLE, PROVIDER_OUTPUT_INVALID, ENCODER_*, STORAGE_UNAVAILABLE (retried).
 * *Cancellation:* the engine is stopped.
 */
export const transcribeRecording =
  (deps: ActivityDependencies): LocalizationActivities['transcribeRecording'] =>
  async (input) => {
    const { executionId, recording, madeKey } = input
    const { transcriptKey } = localizationKeys(recording.folderKey)
    await deps.tools.withWorkspace(executionId, async (workspace) => {
      const transcript =
        madeKey === null
          ? await transcribe(deps, workspace, input)
          : await readMade(deps, workspace, madeKey)
      await putJson(deps, transcriptKey, transcript)
    })
    return { outputs: { transcript: transcriptKey } }
  }

const transcribe = async (
  deps: ActivityDependencies,
  workspace: Workspace,
  {
    executionId,
    recording,
    language,
  }: Parameters<LocalizationActivities['transcribeRecording']>[0],
): Promise<Transcript> => {
  const { speech, storage } = deps
  if (speech === null) throw new MediaError('NOT_CONFIGURED', 'no speech engine')
  const signal = cancellationSignal()
  const audioPath = workspace.path('speech.flac')
  await storage.downloadTo(localizationKeys(recording.folderKey).audioKey, audioPath, signal)
  const progress = stepProgress(deps, { executionId, step: 'transcribe' })
  const { path: workPath } = workspace
  const onProgress = progress.report
  const remember = orderAnswers(deps, recording.folderKey)
  const job = { audioPath, workPath, language, signal, onProgress, remember }
  const transcript = await speech.transcribe(job)
  await progress.settled()
  return transcript
}

const readMade = async (
  { storage }: ActivityDependencies,
  workspace: Workspace,
  madeKey: string,
): Promise<Transcript> => {
  const path = workspace.path('made.json')
  await storage.downloadTo(madeKey, path, cancellationSignal())
  try {
    return readTranscript(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', 'the provider made no transcript', { cause })
  }
}
