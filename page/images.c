#include "page/images.h"

#include "viewer/colors.h"

#include <math.h>
#include <stdlib.h>

enum { TEXT_ROOM = 128 };

/* Its numbers as bytes, 0 to 255: row x column x channel. */
static void tell_image(ks_json* json, cJSON* list, const ks_real* image, size_t inputs) {
    unsigned char* bytes = malloc(inputs + 1);
    for (size_t i = 0; bytes && i < inputs; i++) {
        bytes[i] = (unsigned char)lround(255 * fmin(fmax((double)image[i], 0), 1));
    }
    if (bytes) {
        ks_json_bytes(json, list, NULL, bytes, inputs);
    }
    json->broken = json->broken || !bytes;
    free(bytes);
}

static void tell_query(ks_json* json, cJSON* list, const ks_classification* c, size_t way, size_t query) {
    ks_images_form form = ks_images_fit_form(c->fit);
    cJSON* to = ks_json_object(json, list, NULL);
    cJSON* image = ks_json_array(json, to, "image");
    tell_image(json, image, ks_images_fit_query(c->fit, way, query), form.inputs);
    cJSON* after = ks_json_array(json, to, "probabilities");
    for (int j = 0; j <= c->steps; j++) {
        ks_json_floats(json, after, NULL, ks_images_fit_query_probabilities(c->fit, j, way, query), form.ways);
    }
}

static void tell_task(ks_json* json, cJSON* list, const ks_classification* c) {
    char text[TEXT_ROOM];
    ks_images_form form = ks_images_fit_form(c->fit);
    cJSON* to = ks_json_object(json, list, NULL);
    ks_classification_text(text, sizeof text, c);
    ks_json_text(json, to, "text", text);
    cJSON* accuracy = ks_json_array(json, to, "accuracy");
    for (int j = 0; j <= c->steps; j++) {
        ks_json_number(json, accuracy, NULL, ks_images_fit_accuracy(c->fit, j));
    }
    cJSON* classes = ks_json_array(json, to, "classes");
    for (size_t way = 0; way < form.ways; way++) {
        char letters[KS_CLASS_LETTERS];
        cJSON* one = ks_json_object(json, classes, NULL);
        ks_class_letters(letters, way, form.ways);
        ks_json_text(json, one, "letter", letters);
        ks_json_text(json, one, "name", ks_images_fit_class_name(c->fit, way));
        cJSON* support = ks_json_array(json, one, "support");
        for (size_t shot = 0; shot < form.shots; shot++) {
            tell_image(json, support, ks_images_fit_image(c->fit, ks_images_fit_cell(c->fit, way, shot)), form.inputs);
        }
        cJSON* queries = ks_json_array(json, one, "queries");
        for (size_t query = 0; query < form.queries; query++) {
            tell_query(json, queries, c, way, query);
        }
    }
}

bool ks_page_tell_images(ks_json* json, ks_page_images* p, ks_error* err) {
    ks_images_form form = ks_images_fit_form(p->shown.fit);
    cJSON* to = json->root;
    ks_json_text(json, to, "images", p->shown.data);
    ks_json_number(json, to, "side", (double)form.side);
    ks_json_number(json, to, "channels", (double)form.channels);
    ks_json_number(json, to, "ways", (double)form.ways);
    ks_json_number(json, to, "shots", (double)form.shots);
    ks_json_number(json, to, "steps", p->shown.steps);
    ks_json_flag(json, to, "together", form.coupled && ks_images_fit_norm(p->shown.fit) == KS_TRANSDUCTIVE);
    cJSON* colors = ks_json_array(json, to, "colors");
    for (int j = 0; j <= p->shown.steps; j++) {
        float rgb[3];
        ks_step_color(rgb, j);
        ks_json_numbers(json, colors, NULL, (double[]){(double)rgb[0], (double)rgb[1], (double)rgb[2]}, 3);
    }
    cJSON* tasks = ks_json_array(json, to, "tasks");
    for (size_t i = 0; i < p->count; i++) {
        p->shown.number = p->numbers[i];
        if (!ks_classification_draw(&p->shown, err)) {
            return false;
        }
        ks_classification_adapt(&p->shown);
        tell_task(json, tasks, &p->shown);
        if (p->on_task) {
            p->on_task(p->user, &p->shown);
        }
    }
    return true;
}
