import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.mjs';
import { onPath, run } from './processes.mjs';

const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** The jars of a Maven artifact and all that it needs, in lib/. `complete(folder)` does what is to be done once. */
export function mavenJars(name, version, dependencies, complete) {
  const key = `${name}-${version}`;
  return {
    what: `the Maven artifact ${name} ${version}`,
    quick: true,
    missing: () => (onPath('mvn') === undefined ? 'there is no mvn on the PATH' : undefined),
    cached: () => cached(key),
    key: async () => key,
    async make(target) {
      await writeFile(join(target, 'pom.xml'), pom(dependencies));
      const copy = [copyDependencies, '-DincludeScope=runtime', `-DoutputDirectory=${join(target, 'lib')}`];
      await run('mvn', ['-q', '-B', '-f', join(target, 'pom.xml'), ...copy]);
      await complete(target);
    },
  };
}

function pom(dependencies) {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>micro</groupId><artifactId>backend</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${dependencies.map(dependency).join('')}</dependencies>
</project>`;
}

function dependency({ group, artifact, version, without = [] }) {
  const exclusions = without.map(
    (name) => `<exclusion><groupId>${group}</groupId><artifactId>${name}</artifactId></exclusion>`,
  );
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>
    <exclusions>${exclusions.join('')}</exclusions></dependency>`;
}
