import { workflowInfo } from '@temporalio/workflow'
import { stretchedMs } from '../../domain/stretched-pause.ts'

/** A pause between two looks, as the length of the history allows. */
export const stretched = (pauseMs: number): number =>
  stretchedMs(pauseMs, workflowInfo().historyLength)
