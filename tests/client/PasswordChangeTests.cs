using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Another password, for the account and the device at once (docs/PROTOCOL.md §5.7, docs/STORE.md).</summary>
public static class PasswordChangeTests
{
    const string Next = "another long password";

    // K-11
    [Fact]
    public static async Task A_new_password_needs_the_old_one_and_replaces_it_here_at_the_server_and_on_the_other_devices()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new(), otherStore = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        KavalekClient other = await AddDeviceAsync(server, marie, Options(otherStore));
        (Conversation written, _) = await TestConversations.DirectAsync(marie, karim);
        await written.SendAsync("before");
        await marie.SyncAsync();
        await other.SyncAsync();

        byte[] wallet = (await store.GetAsync(Wallet.Key))!;
        Assert.Equal(ErrorCodes.WrongCredentials, await CodeAsync(() => marie.ChangePasswordAsync("not the password", Next)));
        Assert.Equal(ClientErrors.UnsuitablePassword, await CodeAsync(() => marie.ChangePasswordAsync(Phrase, "short")));
        Assert.Equal(wallet, await store.GetAsync(Wallet.Key));
        Assert.Null(await store.GetAsync(Wallet.NextKey));

        await marie.ChangePasswordAsync(Phrase, Next);
        Assert.Null(await store.GetAsync(Wallet.NextKey));
        await marie.SyncAsync();
        await marie.DisposeAsync();
        Assert.Equal(ClientErrors.WrongPassword, await CodeAsync(() => KavalekClient.UnlockAsync(Options(store), Phrase)));
        await using KavalekClient again = await KavalekClient.UnlockAsync(Options(store), Next);
        await again.LogInAgainAsync(Next);
        Assert.Equal(ErrorCodes.WrongCredentials, await CodeAsync(() => KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase)));

        // The other device is told calmly, keeps everything, and takes the new password.
        KavalekException ended = await Assert.ThrowsAsync<KavalekException>(() => other.SyncAsync());
        Assert.Equal(ErrorCodes.SessionEnded, ended.Code);
        Assert.Contains("log in again", ended.Message, StringComparison.Ordinal);
        await other.DisposeAsync();
        other = await KavalekClient.UnlockAsync(Options(otherStore), Phrase);
        Assert.Contains("before", await other.Conversation(written.Id)!.TextsAsync());
        Assert.Equal(ErrorCodes.WrongCredentials, await CodeAsync(() => other.LogInAgainAsync(Phrase)));
        await other.LogInAgainAsync(Next);
        await other.SyncAsync();
        await other.DisposeAsync();
        Assert.Equal(ClientErrors.WrongPassword, await CodeAsync(() => KavalekClient.UnlockAsync(Options(otherStore), Phrase)));
        await using KavalekClient opened = await KavalekClient.UnlockAsync(Options(otherStore), Next);
        Assert.Equal(2, (await opened.DevicesAsync()).Count);
    }

    // K-11
    [Fact]
    public static async Task Cut_off_at_any_instant_the_profile_opens_with_the_password_that_the_server_knows()
    {
        await using TestServer server = await OpenServerAsync();
        string current = Phrase;
        MemoryClientStore store = new();
        await (await SignUpAsync(server, "marie", Options(store))).DisposeAsync();
        bool whole = false;
        for (int at = 1; !whole; at++)
        {
            string next = $"password number {at:D4}";
            PowerCut cut = new(at);
            try
            {
                KavalekClient cutOff = await KavalekClient.UnlockAsync(cut.Options(store), current);
                await cutOff.ChangePasswordAsync(current, next);
            }
            catch (Exception e) when (e is IOException or KavalekException)
            {
                // The power went.
            }
            whole = !cut.Happened;
            // The server decides: whatever it knows opens the profile, too.
            List<string> open = [];
            foreach (string password in (string[])[next, current])
            {
                try
                {
                    await using KavalekClient marie = await KavalekClient.UnlockAsync(Options(store), password);
                    await marie.LogInAgainAsync(password);
                    open.Add(password);
                    await marie.SyncAsync();
                    break;
                }
                catch (KavalekException e) when (e.Code is ClientErrors.WrongPassword or ErrorCodes.WrongCredentials)
                {
                    // Then the other one.
                }
            }
            current = Assert.Single(open);
            Assert.Null(await store.GetAsync(Wallet.NextKey));
            if (whole) Assert.Equal(next, current);
        }
    }
}
