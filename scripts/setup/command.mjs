import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, sep } from 'node:path'

/** A set-up problem that the user can mend; its message is one sentence with the remedy. */
export class SetupError extends Error {}

/**
 * The search path without any `node_modules/.bin`: npm puts those first, and set-up must neither run
 * on the Node that it is about to replace nor find a tool inside the packages it is installing.
 */
function outsidePath(env = process.env) {
  const own = join('node_modules', '.bin')
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !`${folder}${sep}`.includes(`${sep}${own}${sep}`))
    .join(delimiter)
}

/** Full path of a program, or null. */
export function findProgram(name, env = process.env) {
  if (isAbsolute(name)) return isExecutable(name) ? name : null
  for (const folder of outsidePath(env).split(delimiter)) {
    const candidate = join(folder, name)
    if (folder && isExecutable(candidate)) return candidate
  }
  return null
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/**
 * Runs a program to its end and never throws: `{ ok, code, output }` with both streams joined.
 * With `timeoutMs` a hanging program is killed and counts as failed.
 */
export function runCommand(program, args, { cwd, env, timeoutMs, onOutput } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env, PATH: outsidePath() },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    let output = ''
    const take = (chunk) => {
      output += chunk
      onOutput?.(chunk)
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', (error) => resolve({ ok: false, code: null, output: error.message }))
    child.on('close', (code) => resolve({ ok: code === 0, code, output }))
  })
}

/** The line of a failed program's output that most likely says why: the last that speaks of an error. */
export function causeIn(output) {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  const telling = lines.filter((line) => /error|fatal|cannot|could not|denied|E:/i.test(line))
  return (telling.at(-1) ?? lines.at(-1) ?? 'no output').slice(0, 300)
}
