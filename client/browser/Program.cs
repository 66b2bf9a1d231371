using System.Text;
using Kavalek.Client.Browser;
using Kavalek.Protocol.Identity;

// The runtime stays when this returns: from here on the worker calls (Bridge).
UnicodeForm.Use((text, form) => WebCrypto.Normalize(text, form switch { NormalizationForm.FormC => "NFC", NormalizationForm.FormD => "NFD", _ => "NFKD" })
    ?? throw new ArgumentException("half a character", nameof(text)));
