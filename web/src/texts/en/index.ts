import app from "./app.json";
import canvas from "./canvas.json";
import create from "./create.json";
import explore from "./explore.json";
import form from "./form.json";
import gallery from "./gallery.json";
import models from "./models.json";
import painting from "./painting.json";
import pictures from "./pictures.json";
import prompt from "./prompt.json";
import queue from "./queue.json";
import settings from "./settings.json";
import training from "./training.json";
import tray from "./tray.json";
import ui from "./ui.json";

export default {
  app,
  canvas,
  create,
  explore,
  form,
  gallery,
  models,
  painting,
  pictures,
  prompt,
  queue,
  settings,
  training,
  tray,
  ui,
};
