import { PackageCheck, Target } from "lucide-react";
import { useMemo } from "react";
import { placeOf } from "@/graph/apiIds";
import { nodeAt } from "@/graph/room";
import { specOf } from "@/graph/specs";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { Button, Choice, Empty, IconButton } from "@/ui";
import { desk, type Missing, useDesk, useDoc, useTab } from "../desk";
import { nodeTitle, shownName } from "../names";
import { pageOf, replaceFile, strangers, useLacks, type Wanted, wantedFiles } from "./lacking";
import { PanelFrame } from "./PanelFrame";
import panels from "./panels.module.css";
import { lookAt } from "./showing";

/** What the workflow names and this server does not have: what it may come from, and what could stand in for it. */
export default function MissingPanel() {
  const t = useTexts("canvas");
  const doc = useDoc();
  const { unknown, missing } = useLacks();
  const notes = useTab()?.lacking?.notes ?? [];
  const wanted = useMemo(() => wantedFiles(missing), [missing]);
  const unknowns = useMemo(() => (doc ? strangers(doc, unknown) : []), [doc, unknown]);
  return (
    <PanelFrame title={t("panel missing")}>
      {notes.map((note) => (
        <p key={note} className={panels.hint}>
          {said().text(note)}
        </p>
      ))}
      {wanted.length + unknowns.length === 0 && (
        <Empty icon={PackageCheck} title={t("panel nothing missing")}>
          <p>{t("panel nothing missing about")}</p>
        </Empty>
      )}
      {wanted.length > 0 && (
        <section className={panels.part}>
          <h3>{t("panel missing files", { n: wanted.length })}</h3>
          <ul className={panels.cards}>
            {wanted.map((one) => (
              <li key={`${one.folder}/${one.name}`} className={panels.card}>
                <File wanted={one} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {unknowns.length > 0 && (
        <section className={panels.part}>
          <h3>{t("panel unknown nodes", { n: unknowns.length })}</h3>
          <p className={panels.hint}>{t("panel unknown about")}</p>
          <ul className={panels.cards}>
            {unknowns.map(({ type, count, origin, version }) => {
              const page = pageOf(origin);
              return (
                <li key={type} className={panels.card}>
                  <p className={panels.name}>{type}</p>
                  <p className={panels.hint}>{t("panel used times", { n: count })}</p>
                  <p className={panels.hint}>
                    {origin === "" ? (
                      t("panel no origin")
                    ) : (
                      <>
                        {t("panel origin")}{" "}
                        {page ? (
                          <a href={page} target="_blank" rel="noreferrer">
                            {origin}
                          </a>
                        ) : (
                          <strong>{origin}</strong>
                        )}{" "}
                        {version}
                      </>
                    )}
                  </p>
                </li>
              );
            })}
          </ul>
          <Button onClick={() => (location.hash = "#/settings")}>{t("panel to plugins")}</Button>
        </section>
      )}
    </PanelFrame>
  );
}

function File({ wanted: { folder, name, nearest, places } }: { wanted: Wanted }) {
  const t = useTexts("canvas");
  const files = useDesk((state) => state.files[folder]) ?? [];
  const use = (by: string) => replaceFile(places, by);
  return (
    <>
      <p className={panels.name}>{name}</p>
      <p className={panels.hint}>{t("panel not in", { folder })}</p>
      <ul>
        {places.map((place) => (
          <li key={`${place.node} ${place.input}`} className={panels.place}>
            <span>
              {titleAt(place)} · {shownName(place.input)}
            </span>
            <IconButton
              icon={Target}
              label={t("panel show node")}
              onClick={() => lookAt(placeOf(place.node))}
            />
          </li>
        ))}
      </ul>
      {nearest.length > 0 && (
        <>
          <p className={panels.hint}>{t("panel nearest")}</p>
          <ul className={panels.offers}>
            {nearest.map((one) => (
              <li key={one}>
                <Button onClick={() => use(one)}>{t("panel use this", { name: one })}</Button>
              </li>
            ))}
          </ul>
        </>
      )}
      {files.length > 0 ? (
        <Choice
          label={t("panel other file")}
          value=""
          options={files}
          placeholder={t("panel choose file")}
          onChange={use}
        />
      ) : (
        <p className={panels.hint}>{t("panel no files", { folder })}</p>
      )}
    </>
  );
}

function titleAt({ node, class_type }: Missing): string {
  const { tabs, active, catalog } = desk();
  const doc = tabs.find(({ id }) => id === active)?.history.present.doc;
  const { path, id } = placeOf(node);
  const its = doc && nodeAt(doc, path, id);
  return its ? nodeTitle(its, specOf(doc, catalog, its)) : class_type;
}
