import type { Execution } from '../../db/repositories/executions.ts'
import { failureRule } from '../../domain/failures.ts'
import type { Pipeline } from '../../domain/steps.ts'

interface Words {
  /** What was ordered: "The … exec_1 is done." */
  readonly order: string
  readonly ready: string
  readonly failed: string
  readonly path: string
}

const WORDS: Readonly<Record<Pipeline, Words>> = {
  render: {
    order: 'render',
    ready: 'Your video is ready',
    failed: 'Your video could not be rendered',
    path: 'videos',
  },
  stream: {
    order: 'stream',
    ready: 'Your stream is ready',
    failed: 'Your stream could not be made',
    path: 'media',
  },
  localize: {
    order: 'localization',
    ready: 'Your subtitles are ready',
    failed: 'Your subtitles could not be made',
    path: 'media',
  },
  generate: {
    order: 'generation',
    ready: 'Your generation is ready',
    failed: 'Your generation could not be made',
    path: 'generations',
  },
  clip: {
    order: 'order of clips',
    ready: 'Your clips are ready',
    failed: 'Your clips could not be made',
    path: 'media',
  },
  recut: {
    order: 'change of a clip',
    ready: 'Your clip is ready',
    failed: 'Your clip could not be made again',
    path: 'clips',
  },
}

/** What an account is told by mail of the end of its order. */
export const endingMail = (
  execution: Execution,
  publicUrl: string,
): { readonly subject: string; readonly text: string } => {
  const { id, pipeline, status, error, subjectId } = execution
  const { order, ready, failed, path } = WORDS[pipeline]
  const url = `${publicUrl}/v1/${path}/${subjectId}`
  const reason = error === null ? '' : failureRule(error.code).publicMessage
  if (status === 'completed') {
    return { subject: ready, text: `The ${order} ${id} is done. Fetch it at\n${url}` }
  }
  if (status === 'partial') {
    return {
      subject: `${ready}, but for a part of it`,
      text: `The ${order} ${id} is done in part. Fetch it at\n${url}\n\n${error?.step ?? 'A part'} failed: ${reason}\nThat part was not charged; a retry makes it alone.`,
    }
  }
  return {
    subject: failed,
    text: `The ${order} ${id} failed: ${reason}\nNo credits were charged.`,
  }
}
