using System.Text.Json.Nodes;

namespace Kavalek.Browser.Tests;

/// <summary>Storage of its own, with tabs.</summary>
sealed class BrowserContext(DevTools tools, string id)
{
    /// <summary>A new tab at an address; it has loaded when this returns.</summary>
    public async Task<Tab> OpenAsync(Uri address)
    {
        string target = (await tools.SendAsync("Target.createTarget", new JsonObject { ["url"] = "about:blank", ["browserContextId"] = id })).GetProperty("targetId").GetString()!;
        string session = (await tools.SendAsync("Target.attachToTarget", new JsonObject { ["targetId"] = target, ["flatten"] = true })).GetProperty("sessionId").GetString()!;
        Tab tab = new(tools, target, session);
        await tab.EnableAsync();
        await tab.GoAsync(address);
        return tab;
    }
}
