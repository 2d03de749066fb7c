import type { TaskActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { abandonTask } from './abandon-task.ts'
import { completeTask } from './complete-task.ts'
import { convertTask } from './convert-task.ts'
import { endingTask } from './ending-task.ts'
import { layOutSubtitles } from './lay-out-subtitles.ts'
import { makeStoryboardTask } from './make-storyboard-task.ts'
import { measureWaveform } from './measure-waveform.ts'
import { packageTask } from './package-task.ts'
import { prepareTask } from './prepare-task.ts'
import { renderTask } from './render-task.ts'
import { transcribeTask } from './transcribe-task.ts'
import { translateTask } from './translate-task.ts'

export const createTaskActivities = (deps: ActivityDependencies): TaskActivities => ({
  prepareTask: prepareTask(deps),
  renderTask: endingTask(deps, renderTask(deps)),
  convertTask: endingTask(deps, convertTask(deps)),
  measureWaveform: endingTask(deps, measureWaveform(deps)),
  makeStoryboardTask: endingTask(deps, makeStoryboardTask(deps)),
  packageTask: endingTask(deps, packageTask(deps)),
  transcribeTask: endingTask(deps, transcribeTask(deps)),
  layOutSubtitles: endingTask(deps, layOutSubtitles(deps)),
  translateTask: endingTask(deps, translateTask(deps)),
  completeTask: completeTask(deps),
  abandonTask: abandonTask(deps),
})
