/** What a plan buys: quality, place in the queue, and limits. The one table of it. */

import type { Resolution } from './frame-size.ts'

export const PLANS = ['free', 'creator', 'studio', 'internal'] as const
/** `internal` is the account under which Spool renders for itself; it is never sold. */
export type Plan = (typeof PLANS)[number]

export interface PlanTerms {
  /** Constant rate factor of x264/x265: lower is better and larger. */
  readonly crf: number
  /** Temporal priority key, 1 (first) to 5 (last). */
  readonly priority: 1 | 2 | 3 | 4 | 5
  /** The account's share of a busy queue, against the others' weights. */
  readonly fairnessWeight: number
  /** The longest region of a song that may be rendered. */
  readonly regionSecondsMax: number
  readonly resolutionMax: Resolution
  readonly hdr: boolean
  readonly uploadSizeBytesMax: number
  /** The longest song or video that may be uploaded. */
  readonly mediaDurationSecondsMax: number
  /** Whether tasks ordered directly are charged. */
  readonly billed: boolean
}

const MIB = 1024 * 1024

export const PLAN_TERMS: Record<Plan, PlanTerms> = {
  free: {
    crf: 28,
    priority: 4,
    fairnessWeight: 1,
    regionSecondsMax: 60,
    resolutionMax: 720,
    hdr: false,
    uploadSizeBytesMax: 100 * MIB,
    mediaDurationSecondsMax: 15 * 60,
    billed: true,
  },
  creator: {
    crf: 23,
    priority: 3,
    fairnessWeight: 4,
    regionSecondsMax: 10 * 60,
    resolutionMax: 1080,
    hdr: false,
    uploadSizeBytesMax: 500 * MIB,
    mediaDurationSecondsMax: 60 * 60,
    billed: true,
  },
  studio: {
    crf: 19,
    priority: 2,
    fairnessWeight: 8,
    regionSecondsMax: 60 * 60,
    resolutionMax: 1080,
    hdr: true,
    uploadSizeBytesMax: 2048 * MIB,
    mediaDurationSecondsMax: 4 * 60 * 60,
    billed: true,
  },
  internal: {
    crf: 23,
    priority: 3,
    fairnessWeight: 1,
    regionSecondsMax: 4 * 60 * 60,
    resolutionMax: 1080,
    hdr: true,
    uploadSizeBytesMax: 2048 * MIB,
    mediaDurationSecondsMax: 4 * 60 * 60,
    billed: false,
  },
}

export const planTerms = (plan: Plan): PlanTerms => PLAN_TERMS[plan]
