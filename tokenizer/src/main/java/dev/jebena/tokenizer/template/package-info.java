/** Chat templates: a Jinja interpreter that renders as Python's jinja2 does under Hugging Face's settings. Knows nothing of tokens. */
@NullMarked
package dev.jebena.tokenizer.template;

import org.jspecify.annotations.NullMarked;
