//! Tokens as servers write them: as text, or as their tokenizer keeps them, with its own marks for spaces
//! and bytes. What is said of them is matched with label words, so every way to read a token counts.

/// How a token may be read: each reading as bytes, trimmed of white space.
pub(super) fn readings(token: &str, bytes: Option<&[u8]>) -> Vec<Vec<u8>> {
    let mut found = vec![token.as_bytes().to_vec()];
    found.extend(bytes.filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec));
    // The bytes may be those of the marked token.
    for text in found.clone().iter().filter_map(|bytes| std::str::from_utf8(bytes).ok()) {
        found.extend([sentence_piece(text), byte_level(text), word_piece(text), escaped(text)].into_iter().flatten());
    }
    let mut found: Vec<Vec<u8>> = found.iter().map(|bytes| trimmed(bytes).to_vec()).filter(|b| !b.is_empty()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The token in words a person reads: without marks, with its white space shown.
pub(super) fn shown(token: &str) -> String {
    let decoded = sentence_piece(token).or_else(|| byte_level(token)).or_else(|| escaped(token));
    let text = decoded.map_or_else(|| token.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text: String = text.trim_matches(' ').chars().take(24).collect();
    if text.is_empty() { "\" \"".to_owned() } else { text.replace('\n', "\\n").replace('\t', "\\t") }
}

/// Whether a token begins the thoughts of a model that thinks before it answers.
pub(super) fn is_thinking(token: &str) -> bool {
    let name: String = token.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>().to_lowercase();
    let marked = token.trim().starts_with(['<', '[', '◁', '|', '{', '【']) || token.contains("<|");
    let names = [
        "think",
        "thinking",
        "thought",
        "thoughts",
        "reasoning",
        "reason",
        "analysis",
        "channel",
        "scratchpad",
        "seedthink",
        "begin_of_thought",
        "start_thinking",
        "unused94",
        "思考",
    ];
    marked && names.contains(&name.as_str())
}

/// White space before and behind.
fn trimmed(bytes: &[u8]) -> &[u8] {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.trim_ascii(), |text| text.trim().as_bytes())
}

/// SentencePiece: `▁` is a space, `<0xE4>` a byte.
fn sentence_piece(token: &str) -> Option<Vec<u8>> {
    if !token.contains('\u{2581}') && !token.contains("<0x") {
        return None;
    }
    let mut bytes = Vec::new();
    let mut rest = token;
    while let Some(letter) = rest.chars().next() {
        let byte = rest
            .strip_prefix("<0x")
            .and_then(|hex| u8::from_str_radix(hex.get(..2)?, 16).ok().filter(|_| hex[2..].starts_with('>')));
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest["<0x00>".len()..];
            }
            None => {
                let plain = if letter == '\u{2581}' { ' ' } else { letter };
                bytes.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    Some(bytes)
}

/// GPT-2's byte-level alphabet: each byte is a printable letter, `Ġ` the space and `Ċ` the line break.
///
/// # Source
/// `bytes_to_unicode` of OpenAI's GPT-2 encoder.
fn byte_level(token: &str) -> Option<Vec<u8>> {
    if !token.chars().any(|letter| letter as u32 >= 0x80) {
        return None;
    }
    token.chars().map(byte_of).collect()
}

fn byte_of(letter: char) -> Option<u8> {
    let code = letter as u32;
    match code {
        0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => Some(code as u8),
        // The others stand behind one another from U+0100 on.
        0x100..=0x120 => Some((code - 0x100) as u8),
        0x121..=0x142 => Some((code - 0x121 + 0x7f) as u8),
        0x143 => Some(0xad),
        _ => None,
    }
}

/// WordPiece: `##` goes on with a word.
fn word_piece(token: &str) -> Option<Vec<u8>> {
    token.strip_prefix("##").filter(|rest| !rest.is_empty()).map(|rest| rest.as_bytes().to_vec())
}

/// `bytes:\xe4\xbd`, as some servers show a part of a letter.
fn escaped(token: &str) -> Option<Vec<u8>> {
    let escapes = token.strip_prefix("bytes:").unwrap_or(token).strip_prefix("\\x")?;
    escapes.split("\\x").map(|hex| u8::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 2)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(token: &str, bytes: Option<&[u8]>, as_: &str) -> bool {
        readings(token, bytes).contains(&as_.as_bytes().to_vec())
    }

    /// A token as GPT-2's tokenizer keeps it.
    fn kept(text: &str) -> String {
        let letter = |byte: &u8| (0..0x144u32).filter_map(char::from_u32).find(|c| byte_of(*c) == Some(*byte)).unwrap();
        text.as_bytes().iter().map(letter).collect()
    }

    #[test]
    fn every_tokenizers_marks_are_read() {
        for (token, word) in [
            ("positive", "positive"),
            (" positive", "positive"),
            ("\u{2581}positive", "positive"),
            ("\u{2581}\u{2581}positive", "positive"),
            ("Ġpositive", "positive"),
            ("Ċpositive", "positive"),
            ("ĊĊ", ""),
            ("##itive", "itive"),
            ("<0x0A>positive", "positive"),
            ("<0xE4><0xBD><0x93>", "体"),
            ("bytes:\\xe4\\xbd\\x93", "体"),
            ("体", "体"),
            ("\u{2581}体育", "体育"),
            ("café", "café"),
            ("był", "był"),
            ("Ġżaba", "Ġżaba"),
            ("<think>", "<think>"),
        ] {
            assert!(word.is_empty() || reads(token, None, word), "{token}: {:?}", readings(token, None));
            assert!(
                !word.is_empty() || readings(token, None).iter().all(|r| r.as_slice() == token.as_bytes()),
                "{token}"
            );
        }
        for word in ["体育", " café", "Größe", "\npositive", "über"] {
            assert!(reads(&kept(word), None, word.trim()), "{word}: {}", kept(word));
        }
        assert!(reads("\u{fffd}", Some("体".as_bytes()), "体") && reads("x", Some("\u{2581}y".as_bytes()), "y"));
        assert!(readings("<0xE4>", None).contains(&vec![0xe4]), "a part of a letter");
        assert!(readings(" ", None).is_empty() && readings("\u{2581}", Some(&[])).iter().all(|r| !r.is_ascii()));
        assert_eq!(
            (shown("Ġvery"), shown("\u{2581}体"), shown(" "), shown("\n\n")),
            ("very".into(), "体".into(), "\" \"".into(), "\\n\\n".into())
        );
    }

    #[test]
    fn thoughts_are_told_from_words() {
        for token in [
            "<think>",
            "<|channel|>",
            "◁think▷",
            "[THINK]",
            "<thought>",
            "<|begin_of_thought|>",
            "<seed:think>",
            " <thinking>",
            "<reasoning>",
        ] {
            assert!(is_thinking(token), "{token}");
        }
        for token in ["think", "Think", "positive", "<", "<b>", "channel", "<|im_end|>"] {
            assert!(!is_thinking(token), "{token}");
        }
    }
}
