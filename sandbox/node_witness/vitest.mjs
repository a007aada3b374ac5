// Runs Vitest and writes down what it tells of each test. Tests run in processes of their own, so
// that their code cannot reach this record; what they tell of themselves is taken at its word.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)
const { root, orders, Ids, relative, failure } = require('./record.cjs')
const { told, write } = orders()
const ids = new Ids()
const wanted = new Set(told.tests)
const exit = process.exit.bind(process)

const isWanted = (file, id) => wanted.size === 0 || wanted.has(file) || wanted.has(id)

function* testsOf(task) {
  for (const one of task.tasks ?? []) {
    if (one.type === 'suite') yield* testsOf(one)
    else yield one
  }
}

function* suitesOf(task) {
  yield task
  for (const one of task.tasks ?? []) if (one.type === 'suite') yield* suitesOf(one)
}

function namesOf(task) {
  const names = []
  for (let at = task; at && at !== at.file; at = at.suite) if (at.name) names.unshift(at.name)
  return names
}

const fileOf = (task) => relative(task.file?.filepath ?? task.filepath)
const idOf = (task) => ids.of(task.id, fileOf(task), namesOf(task))
const known = new Set()
const reported = new Set()

function collected(file) {
  const found = [...testsOf(file)].map(idOf).filter((id) => isWanted(fileOf(file), id))
  const fresh = found.filter((id) => !known.has(id))
  for (const id of fresh) known.add(id)
  if (fresh.length) write('collected', { ids: fresh })
}

function report(task) {
  const id = idOf(task)
  if (!known.has(id) || reported.has(id)) return
  const state = task.result?.state
  const outcome = state === 'pass' ? 'passed' : state === 'fail' ? 'failed' : 'skipped'
  if (state === undefined && task.mode === 'run') return
  reported.add(id)
  const seconds = (task.result?.duration ?? 0) / 1000
  write('report', { id, outcome, seconds, ...failure(task.result?.errors) })
}

function broken(file) {
  for (const suite of suitesOf(file)) {
    if (suite.result?.errors?.length) {
      const names = suite === file ? [] : namesOf(suite)
      const id = [fileOf(file), ...(names.length ? [names.join(' > ')] : [])].join('::')
      write('broken', { id, ...failure(suite.result.errors) })
    }
  }
}

let ended = false

function finish(files, errors) {
  if (ended) return
  ended = true
  for (const file of files) {
    collected(file)
    for (const test of testsOf(file)) report(test)
    broken(file)
  }
  for (const error of errors ?? []) write('broken', { id: 'outside of tests', ...failure([error]) })
}

class Witness {
  onCollected(files) {
    for (const file of files ?? []) collected(file)
  }
  onFinished(files, errors) {
    finish(files ?? [], errors)
  }
  onTestModuleCollected(module) {
    collected(module.task)
  }
  onTestCaseReady(test) {
    if (known.has(idOf(test.task))) write('start', { id: idOf(test.task) })
  }
  onTestCaseResult(test) {
    report(test.task)
  }
  onTestRunEnd(modules, errors) {
    finish(modules.map((module) => module.task), errors)
  }
}

const { startVitest, version } = await import(pathToFileURL(process.argv[2]).href)
write('begin', { version: version ?? '', root })
const reportFile = `${told.folder}/report.json`
const pattern = told.pattern ? new RegExp(told.pattern) : undefined
const vitest = await startVitest(
  'test',
  told.files,
  {
    run: true,
    watch: false,
    pool: 'forks',
    maxWorkers: told.workers,
    minWorkers: 1,
    bail: 0,
    retry: 0,
    update: false,
    passWithNoTests: false,
    coverage: { enabled: false },
    reporters: [new Witness(), 'default', ['json', { outputFile: reportFile }]],
    outputFile: { json: reportFile },
    ...(pattern ? { testNamePattern: pattern } : {}),
  },
  { cacheDir: '/tmp/vite', logLevel: 'warn', clearScreen: false },
)
await vitest?.close()
const code = process.exitCode ?? 0
write('end', { code })
exit(code)
