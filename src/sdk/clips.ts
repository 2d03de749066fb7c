import type { ClipFormat, ClipLayout, Degradation } from '../domain/clips/clip-wish.ts'
import type { Moment } from '../domain/clips/moment.ts'
import type { CaptionPreset } from '../domain/generation/job-params.ts'
import type { ApiAccess } from './api-access.ts'
import { callApi, pause } from './api-call.ts'
import { SpoolError } from './spool-error.ts'

/** A clip in its newest version. Times are in seconds of the video that it was cut from. */
export interface Clip extends Moment {
  readonly id: string
  /** From 1. */
  readonly version: number
  /** What made this version. */
  readonly executionId: string
  /** The order that made the clip. */
  readonly orderExecutionId: string
  readonly mediaId: string
  readonly number: number
  readonly format: ClipFormat
  readonly captions: false | { readonly preset: CaptionPreset; readonly language: string | null }
  /** Split: the halves of two people who talk, in a part of the clip or all of it. */
  readonly layout: ClipLayout
  readonly degradations: readonly Degradation[]
  readonly videoUrl: string
  readonly thumbnailUrl: string
  readonly createdAt: string
  /** The change that is in work. */
  readonly changingExecutionId: string | null
}

/** What is left out stays. */
export interface ClipEdit {
  /** In seconds of the video that it is cut from. */
  readonly start?: number
  readonly end?: number
  readonly captions?: false | { readonly preset?: CaptionPreset; readonly language?: string }
  readonly format?: ClipFormat
}

export interface ClipChangeOptions extends ApiAccess {
  /** Makes a repeated call the same order; one that is lost on the way is sent again in any case. */
  readonly idempotencyKey?: string
}

/** A change of a clip that was ordered: an execution like any other. */
export interface ClipChange {
  readonly executionId: string
  readonly clipId: string
  readonly creditsHeld: number
  /** The clip, once the change is done. *Errors:* SpoolError, with the execution's code where it failed. */
  waitForClip(): Promise<Clip>
}

interface ExecutionEnd {
  readonly status: string
  readonly finishedAt: string | null
  readonly error: { readonly code: string; readonly message: string } | null
}

const WAIT_MS = 500
const WAIT_MS_MAX = 5_000

const clipPath = (id: string, end = ''): string => `/v1/clips/${encodeURIComponent(id)}${end}`

const get = async (id: string, access: ApiAccess = {}): Promise<Clip> =>
  await callApi(access, { method: 'GET', path: clipPath(id) })

const untilOver = async (executionId: string, access: ApiAccess): Promise<ExecutionEnd> => {
  const path = `/v1/executions/${encodeURIComponent(executionId)}`
  for (let waitMs = WAIT_MS; ; waitMs = Math.min(waitMs * 1.5, WAIT_MS_MAX)) {
    const seen = await callApi<ExecutionEnd>(access, { method: 'GET', path })
    if (seen.finishedAt !== null) return seen
    await pause(waitMs, access.signal)
  }
}

const change = async (
  path: string,
  body: object,
  { idempotencyKey = crypto.randomUUID(), ...access }: ClipChangeOptions,
): Promise<ClipChange> => {
  const { executionId, clipId, creditsHeld } = await callApi<Omit<ClipChange, 'waitForClip'>>(
    access,
    { method: 'POST', path, body, idempotencyKey },
  )
  const waitForClip = async (): Promise<Clip> => {
    const { status, error } = await untilOver(executionId, access)
    if (status === 'completed') return await get(clipId, access)
    const { code, message } = error ?? { code: 'CANCELED', message: 'The change was canceled.' }
    throw new SpoolError(`${message} (${executionId})`, { code })
  }
  return { executionId, clipId, creditsHeld, waitForClip }
}

/** Clips that orders have made. Each call's *errors:* SpoolError, by what the server says. */
export const clips = {
  /** The clips of an order, each in its newest version. */
  list: async (executionId: string, access: ApiAccess = {}): Promise<readonly Clip[]> => {
    const path = `/v1/clips?executionId=${encodeURIComponent(executionId)}`
    const answer = await callApi<{ readonly clips: readonly Clip[] }>(access, {
      method: 'GET',
      path,
    })
    return answer.clips
  },

  get,

  /** Cuts a clip again. It stays as it is until the change is done. */
  edit: (id: string, edit: ClipEdit, options: ClipChangeOptions = {}): Promise<ClipChange> =>
    change(clipPath(id, '/edit'), edit, options),

  /** Puts another moment in a clip's place; `prompt` says what is looked for. One clip of an order at a
   * time: another is a 409. */
  regenerate: (
    id: string,
    { prompt, ...options }: ClipChangeOptions & { readonly prompt?: string } = {},
  ): Promise<ClipChange> =>
    change(clipPath(id, '/regenerate'), prompt === undefined ? {} : { prompt }, options),
}
