import { useQuery } from "@tanstack/react-query";
import { FlaskConical, Grid3x3, ImagePlay, ScanSearch, SlidersHorizontal, Workflow } from "lucide-react";
import type { Asset } from "@/api/client";
import { lookInside, makeAgain, openIn, startFrom } from "@/pictures/doing";
import { RecipeParts } from "@/pictures/RecipeParts";
import { recipeQuery } from "@/pictures/recipe";
import { useTexts } from "@/texts/texts";
import { Button } from "@/ui";
import type { Actions } from "./actions";
import { CollectionMenu } from "./CollectionMenu";
import { Lineage } from "./Lineage";
import styles from "./layer.module.css";
import { TagList } from "./TagList";

/** All that made a picture, to be read, copied and used again, and what it is filed under. */
export function RecipePanel({
  asset,
  actions,
  onFilter,
  onNear,
}: {
  asset: Asset;
  actions: Actions;
  onFilter: (by: { model?: string; tag?: string }) => void;
  onNear: (() => void) | undefined;
}) {
  const t = useTexts("pictures");
  const tg = useTexts("gallery");
  const recipe = useQuery(recipeQuery(asset.id));
  const isOpenable = recipe.data && (recipe.data.editor || recipe.data.workflow);
  const name = asset.prompt || asset.path;
  return (
    <>
      <div className={styles.uses}>
        <Button
          look="primary"
          icon={SlidersHorizontal}
          disabled={!recipe.data?.wish}
          onClick={() => void makeAgain(asset.id)}
        >
          {t("use settings")}
        </Button>
        <Button icon={Workflow} disabled={!isOpenable} onClick={() => void openIn("graph", asset.id, name)}>
          {t("open as graph")}
        </Button>
        <Button icon={Grid3x3} disabled={!isOpenable} onClick={() => void openIn("explore", asset.id, name)}>
          {t("explore")}
        </Button>
        <Button icon={ImagePlay} onClick={() => startFrom(asset.id)}>
          {t("start from")}
        </Button>
        <Button icon={FlaskConical} onClick={() => lookInside(asset.id)}>
          {t("look inside")}
        </Button>
        {onNear && (
          <Button icon={ScanSearch} onClick={onNear}>
            {tg("more like this")}
          </Button>
        )}
      </div>
      <TagList
        tags={asset.tags}
        onAdd={(tag) => void actions.tag([asset.id], tag)}
        onRemove={(tag) => void actions.untag([asset.id], tag)}
        onFind={(tag) => onFilter({ tag })}
      />
      <CollectionMenu onChoose={(collection) => void actions.collect([asset.id], collection)} />
      <Lineage id={asset.id} />
      <RecipeParts asset={asset} onModel={(model) => onFilter({ model })} />
    </>
  );
}
