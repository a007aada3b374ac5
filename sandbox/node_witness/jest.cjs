'use strict'
// Runs Jest and writes down what it tells of each test. Jest loads this very file as its reporter;
// what the record needs stays within it, and whoever else asks for a reporter is found out.
const { root, orders, Ids, relative, failure } = require('./record.cjs')

let held

class Reporter {
  #held

  constructor() {
    this.#held = held
    if (!held || held.taken) held?.write('tampered', {})
    else held.taken = true
  }

  onTestCaseStart(test, info) {
    const id = this.#idOf(test, info)
    if (this.#held.isWanted(relative(test.path), id)) this.#held.write('start', { id })
  }

  onTestFileResult(test, result) {
    this.#file(test.path, result)
  }

  onTestResult(test, result) {
    this.#file(test.path, result)
  }

  onRunComplete(_, results) {
    for (const result of results.testResults) this.#file(result.testFilePath, result)
    if (results.runExecError) {
      this.#held.write('broken', { id: 'outside of tests', ...failure([results.runExecError]) })
    }
  }

  getLastError() {}

  #idOf(test, info) {
    return `${relative(test.path)}::${[...info.ancestorTitles, info.title].join(' > ')}`
  }

  #file(path, result) {
    const { write, isWanted, seen } = this.#held
    if (seen.has(path)) return
    seen.add(path)
    const file = relative(path)
    const ids = new Ids()
    const found = []
    result.testResults.forEach((one, number) => {
      const id = ids.of(number, file, [...one.ancestorTitles, one.title])
      if (isWanted(file, id) && !this.#held.isLeftOut(one)) found.push([id, one])
    })
    write('collected', { ids: found.map(([id]) => id) })
    for (const [id, one] of found) {
      const outcome = { passed: 'passed', failed: 'failed' }[one.status] ?? 'skipped'
      const text = (one.failureMessages ?? []).join('\n')
      write('report', {
        id,
        outcome,
        seconds: (one.duration ?? 0) / 1000,
        ...(outcome === 'failed' ? said(text) : {}),
      })
    }
    if (result.testExecError || (result.failureMessage && !result.testResults.length)) {
      const text = result.failureMessage ?? ''
      write('broken', { id: file, ...said(text.replace(/^\s*●.*\n+/, '')) })
    }
  }
}

// A message and the stack below it; what `expect` raises is called what it is.
function said(text) {
  const message = text.split(/\n\s+at /, 1)[0].trim().replace(/^Error: expect\(/, 'AssertionError: expect(')
  return failure([{ message, stack: text }])
}

module.exports = Reporter

async function main() {
  const { told, write } = orders()
  const wanted = new Set(told.tests)
  const pattern = told.pattern ? new RegExp(told.pattern, 'i') : null
  held = {
    write,
    seen: new Set(),
    isWanted: (file, id) => wanted.size === 0 || wanted.has(file) || wanted.has(id),
    // Jest lists tests that a pattern leaves out as pending.
    isLeftOut: (one) =>
      pattern !== null && one.status === 'pending' && !pattern.test(one.fullName),
  }
  const exit = process.exit.bind(process)
  const { runCLI, getVersion } = require(process.argv[2])
  write('begin', { version: getVersion?.() ?? '', root })
  const { results } = await runCLI(
    {
      $0: 'jest',
      _: told.files,
      runTestsByPath: told.files.length > 0,
      ci: true,
      bail: 0,
      coverage: false,
      collectCoverage: false,
      watchman: false,
      watch: false,
      watchAll: false,
      passWithNoTests: true,
      maxWorkers: told.workers,
      workerIdleMemoryLimit: '1GB',
      json: true,
      outputFile: `${told.folder}/report.json`,
      testLocationInResults: false,
      reporters: ['default', __filename],
      ...(told.pattern ? { testNamePattern: told.pattern } : {}),
    },
    [process.cwd()],
  )
  const code = results.success ? 0 : 1
  write('end', { code })
  exit(code)
}

if (require.main === module) {
  main().catch((error) => {
    console.error(error)
    process.exit(1)
  })
}
