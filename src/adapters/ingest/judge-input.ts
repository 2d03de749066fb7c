import type { MediaNeed } from '../../domain/media-judgement.ts'
import { describeMedium, type DescribedMedium, type MediumInspection } from './describe-medium.ts'

export type InputJudgement = MediumInspection & { readonly needs: MediaNeed }

export type JudgedInput = Pick<
  DescribedMedium,
  'durationSeconds' | 'contentType' | 'widthPx' | 'heightPx'
>

/**
 * Accepts a local file as the input of a task, or says why not. *Output:* `durationSeconds` as it was
 * decoded, or as the header has it (0 for a picture). *Errors:* those of `describeMedium`.
 */
export const judgeInput = async (input: InputJudgement): Promise<JudgedInput> => {
  const { durationSeconds, contentType, widthPx, heightPx } = await describeMedium(input)
  return { durationSeconds, contentType, widthPx, heightPx }
}
