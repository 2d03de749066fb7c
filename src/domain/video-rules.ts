/** What a video may be: the region against its song, and all of it against the plan. */

import type { FieldProblem } from './failures.ts'
import type { FrameRate, Resolution } from './frame-size.ts'
import { planTerms, type Plan } from './plans.ts'
import { toMilliseconds } from './to-milliseconds.ts'

/** Shorter than this there is nothing to see, and too few samples for a spectrum. */
export const REGION_SECONDS_MIN = 0.5

/** A region may end this much behind the song: clients send durations that went through floats. */
const END_TOLERANCE_SECONDS = 0.001

export interface VideoDraft {
  readonly region: { readonly startSeconds: number; readonly endSeconds: number }
  readonly hdr: boolean
  readonly settings: { readonly resolution: Resolution; readonly frameRate: FrameRate }
}

/** What the rules have to know of a medium; `hasAudio` and `durationSeconds` come from the probe. */
export interface VideoMedium {
  readonly kind: 'audio' | 'video' | 'image'
  readonly hasAudio: boolean
  readonly durationSeconds: number | null
}

const problem = (path: string, message: string, fix: string): FieldProblem => ({
  path,
  message,
  fix,
})

/** Seconds as a person writes them: at most milliseconds, no trailing zeros. */
const shown = (seconds: number): string => String(toMilliseconds(seconds))

/** Every reason why this region cannot be cut from this song; none: it can. */
const regionProblems = (
  { startSeconds, endSeconds }: VideoDraft['region'],
  song: VideoMedium,
): FieldProblem[] => {
  if (!Number.isFinite(startSeconds) || !Number.isFinite(endSeconds)) {
    return [problem('region', 'has a bound that is not a number', 'Give both bounds in seconds.')]
  }
  const problems: FieldProblem[] = []
  if (startSeconds < 0) {
    problems.push(problem('region.startSeconds', 'lies before the song', 'Use 0 or more.'))
  }
  if (startSeconds >= endSeconds) {
    problems.push(
      problem('region.startSeconds', 'is not before endSeconds', 'Start before the end.'),
    )
  } else if (endSeconds - startSeconds < REGION_SECONDS_MIN) {
    problems.push(
      problem(
        'region.endSeconds',
        'makes the region too short',
        `Take a region of at least ${REGION_SECONDS_MIN} s.`,
      ),
    )
  }
  const length = song.durationSeconds
  if (length !== null && endSeconds > length + END_TOLERANCE_SECONDS) {
    const fix = `The song is ${shown(length)} s long: end there or before.`
    problems.push(problem('region.endSeconds', 'lies behind the end of the song', fix))
  }
  return problems
}

/** Every field that the account's plan does not cover. */
const planProblems = (draft: VideoDraft, plan: Plan): FieldProblem[] => {
  const terms = planTerms(plan)
  const problems: FieldProblem[] = []
  const regionSeconds = draft.region.endSeconds - draft.region.startSeconds
  if (regionSeconds > terms.regionSecondsMax) {
    problems.push(
      problem(
        'region.endSeconds',
        `makes the region longer than the ${plan} plan allows`,
        `Take at most ${terms.regionSecondsMax} s, or change the plan.`,
      ),
    )
  }
  const { resolution } = draft.settings
  const look = { hdr: draft.hdr, shortSidePx: resolution }
  return [...problems, ...lookProblems(look, plan, 'settings.resolution')]
}

/** What the plan does not cover of a picture, wherever its size came from (`sizePath`). */
export const lookProblems = (
  look: { readonly hdr: boolean; readonly shortSidePx: number },
  plan: Plan,
  sizePath: string,
  hdrPath = 'hdr',
): FieldProblem[] => {
  const { resolutionMax, hdr } = planTerms(plan)
  const problems: FieldProblem[] = []
  if (look.shortSidePx > resolutionMax) {
    const message = `is larger than the ${plan} plan allows`
    const fix = `Use ${resolutionMax} or less for the short side, or change the plan.`
    problems.push(problem(sizePath, message, fix))
  }
  if (look.hdr && !hdr) {
    const message = `is not part of the ${plan} plan`
    problems.push(problem(hdrPath, message, 'Leave it out, or change the plan.'))
  }
  return problems
}

/** Whether a song is one: a picture has no sound, and some videos have none either. */
const songProblems = (song: VideoMedium): FieldProblem[] =>
  song.hasAudio && song.durationSeconds !== null
    ? []
    : [problem('audioMediaId', 'has no sound', 'Use a medium that has an audio stream.')]

/** Whether a background can be drawn as one. */
const backgroundProblems = (background: VideoMedium): FieldProblem[] =>
  background.kind === 'image'
    ? []
    : [problem('settings.backgroundMediaId', 'is not a picture', 'Use a medium of kind image.')]

/** Every field of a video that has to be mended before it can be rendered. */
export const videoProblems = (
  draft: VideoDraft,
  given: {
    readonly plan: Plan
    readonly song: VideoMedium
    readonly background: VideoMedium | null
  },
): FieldProblem[] => [
  ...songProblems(given.song),
  ...regionProblems(draft.region, given.song),
  ...planProblems(draft, given.plan),
  ...(given.background ? backgroundProblems(given.background) : []),
]
