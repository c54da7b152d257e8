/** Objects of our registry as OMA's XML files, for servers that must be told what they do not know. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectModel, ResourceModel } from "../../../src/model/objects.ts";

const TYPES: Readonly<Record<ResourceModel["type"], string>> = {
  string: "String",
  integer: "Integer",
  unsigned: "Unsigned Integer",
  float: "Float",
  boolean: "Boolean",
  opaque: "Opaque",
  time: "Time",
  objlnk: "Objlnk",
  corelnk: "Corelnk",
};

/** Writes a file for each model into `folder`. */
export async function writeDdf(folder: string, models: readonly ObjectModel[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const model of models) await writeFile(join(folder, `${model.id}-${model.version}.xml`), ddf(model));
}

const many = (multiple: boolean): string => (multiple ? "Multiple" : "Single");
const must = (mandatory: boolean): string => (mandatory ? "Mandatory" : "Optional");

function ddf({ id, name, version, multiple, mandatory, resources }: ObjectModel): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<LWM2M>
  <Object ObjectType="MODefinition">
    <Name>${escaped(name)}</Name>
    <Description1></Description1>
    <ObjectID>${id}</ObjectID>
    <ObjectURN>urn:oma:lwm2m:ext:${id}:${version}</ObjectURN>
    <LWM2MVersion>1.0</LWM2MVersion>
    <ObjectVersion>${version}</ObjectVersion>
    <MultipleInstances>${many(multiple)}</MultipleInstances>
    <Mandatory>${must(mandatory)}</Mandatory>
    <Resources>
${[...resources.values()].map(item).join("\n")}
    </Resources>
    <Description2></Description2>
  </Object>
</LWM2M>
`;
}

function item({ id, name, type, operations, multiple, mandatory }: ResourceModel): string {
  const what = operations === "E" ? "" : TYPES[type];
  return `      <Item ID="${id}">
        <Name>${escaped(name)}</Name>
        <Operations>${operations}</Operations>
        <MultipleInstances>${many(multiple)}</MultipleInstances>
        <Mandatory>${must(mandatory)}</Mandatory>
        <Type>${what}</Type>
        <RangeEnumeration></RangeEnumeration>
        <Units></Units>
        <Description></Description>
      </Item>`;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
