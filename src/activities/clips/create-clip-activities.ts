import type { ClipActivities } from '../../contracts/clip-activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { bringFootage, findFootage } from './bring-footage.ts'
import { cutClip } from './cut-clip.ts'
import { publishClip } from './publish-clip.ts'
import { scoreMoments } from './score-moments.ts'
import { watchFaces } from './watch-faces.ts'

export const createClipActivities = (deps: ActivityDependencies): ClipActivities => ({
  bringFootage: bringFootage(deps),
  findFootage: findFootage(deps),
  scoreMoments: scoreMoments(deps),
  watchFaces: watchFaces(deps),
  cutClip: cutClip(deps),
  publishClip: publishClip(deps),
})
