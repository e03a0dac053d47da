//! No URL shows a secret, and none that is put back loses or moves one.

use proptest::prelude::*;

use super::*;

#[test]
fn a_url_is_shown_without_user_info_values_of_its_query_and_what_is_behind_it() {
    for (url, shown) in [
        ("http://n8n", "http://n8n"),
        ("http://n8n:5678/webhook/x", "http://n8n:5678/webhook/x"),
        ("http://n8n/x?token=s3cret", "http://n8n/x?token=********"),
        (
            "http://n8n/x?a=s3cret&b=&a=s3cret%20x",
            "http://n8n/x?a=********&b=********&a=********",
        ),
        ("http://n8n/x?s3cret", "http://n8n/x?********"),
        ("http://n8n/x?&a=s3cret", "http://n8n/x?&a=********"),
        ("http://n8n/x?", "http://n8n/x?"),
        ("https://s3cret@n8n/x", "https://********@n8n/x"),
        ("https://ana:s3cret@n8n/x", "https://********@n8n/x"),
        ("https://:s3cret@n8n/x", "https://********@n8n/x"),
        ("https:/ana:s3cret@n8n/x", "https://********@n8n/x"),
        ("https:\\\\s3cret@n8n\\x", "https://********@n8n/x"),
        ("http://n8n/x#s3cret", "http://n8n/x#********"),
        ("n8n/x?token=s3cret", "********"),
    ] {
        assert_eq!(masked_url(url), shown, "{url}");
        assert_eq!(masked_url(shown), shown, "{url} twice");
    }
}

#[test]
fn what_is_put_back_beside_a_change_keeps_what_its_masks_stand_for() {
    let old = "https://ana:pw@n8n/x?token=t&a=1&a=2&bare#end";
    for (put, kept) in [
        // As a client that encodes whatever it can.
        (
            "https://%2A%2A%2A%2A%2A%2A%2A%2A@n8n/x?token=%2a%2a%2a%2a%2a%2a%2a%2a",
            "https://ana:pw@n8n/x?token=t",
        ),
        (
            "https://********@n8n/y?b=3&token=********",
            "https://ana:pw@n8n/y?b=3&token=t",
        ),
        (
            "https://n8n:443/x?a=9&a=********&********",
            "https://n8n/x?a=9&a=2&bare",
        ),
        ("https://eva:********@N8N/", "https://eva:pw@n8n/"),
        ("https://********:new@n8n/", "https://ana:new@n8n/"),
        ("https://n8n/#********", "https://n8n/#end"),
        // Without a mask it is what was put, byte by byte.
        ("https://N8N?token=new", "https://N8N?token=new"),
        ("http://other/x", "http://other/x"),
    ] {
        assert_eq!(unmasked_url(put, old).as_deref(), Ok(kept), "{put}");
    }
}

#[test]
fn a_mask_that_would_lead_elsewhere_or_stands_for_nothing_is_refused() {
    let old = "https://ana@n8n/x?token=t";
    for put in [
        "http://n8n/x?token=********",
        "https://n8n:8443/x?token=********",
        "https://n8n.evil.example/x?token=********",
        "https://********@evil.example/x",
    ] {
        let why = unmasked_url(put, old).unwrap_err().to_string();
        assert!(
            why.starts_with("url: holds a mask, and the URL has"),
            "{put}: {why}"
        );
    }
    for put in [
        "https://n8n/x?other=********",
        "https://n8n/x?token=********&token=********",
        "https://n8n/x?********",
        "https://eva:********@n8n/x",
        "https://n8n/x#********",
    ] {
        let why = unmasked_url(put, old).unwrap_err().to_string();
        assert!(
            why.starts_with("url: a mask was put where nothing was"),
            "{put}: {why}"
        );
    }
    assert!(unmasked_url("https://********@n8n/", "https://n8n/?a=1").is_err());
}

proptest! {
    #[test]
    fn whatever_a_url_is_its_secrets_are_not_shown_and_come_back(
        user in "(|[A-Za-z0-9%]{0,3}s3cret[!-~]{0,6}@|[a-z]{1,6}:s3cret[a-z*]{0,4}@)",
        host in "[a-zA-Z][a-z0-9_]{0,8}(:[1-9][0-9]{0,3})?",
        path in "(|/[ -~&&[^?#]]{0,12})",
        query in "(|\\?([a-z&]{0,3}=s3cret[!-~&&[^#]]{0,8}){1,3})",
        fragment in "(|#s3cret[ -~]{0,4})",
    ) {
        let url = format!("http://{user}{host}{path}{query}{fragment}");
        let shown = masked_url(&url);
        prop_assert_eq!(masked_url(&shown), shown.clone());
        prop_assert_eq!(unmasked_url(&shown, &url), Ok(url.clone()));
        if let Ok(parsed) = Url::parse(&url) {
            // A secret with a slash in it ends the user info before it begins.
            let outside = format!("{}{}", parsed.host_str().unwrap_or_default(), parsed.path());
            prop_assert!(shown.matches("s3cret").count() <= outside.matches("s3cret").count(), "{}", shown);
            prop_assert!(same_place(&shown, &url));
        }
    }
}
