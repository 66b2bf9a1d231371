using Kavalek.Mls;

namespace Kavalek.Client.Tests;

public static class WalletTests
{
    const int Few = 1000;
    const string Right = "korrekt pferd batterie";

    [Fact]
    public static async Task The_right_password_gives_the_store_key_back()
    {
        (Wallet wallet, Secret key) = await MakeAsync();
        using Secret opened = await Wallet.Decode(wallet.Encode()).OpenAsync(NativeCryptoProvider.Shared, NativePasswordStretching.Shared, Right);
        Assert.Equal(key, opened);
    }

    [Fact]
    public static async Task A_password_typed_decomposed_opens_what_a_composed_one_closed()
    {
        using Secret key = Secret.Zero(32);
        Wallet wallet = await Wallet.WrapAsync(NativeCryptoProvider.Shared, NativePasswordStretching.Shared, key, "caf\u00e9 caf\u00e9 caf\u00e9", Few, "https://example.org/");
        using Secret opened = await wallet.OpenAsync(NativeCryptoProvider.Shared, NativePasswordStretching.Shared, "cafe\u0301 cafe\u0301 cafe\u0301");
        Assert.Equal(key, opened);
    }

    [Theory]
    [InlineData("korrekt pferd batteria")]
    [InlineData("korrekt pferd batterie ")]
    [InlineData("")]
    [InlineData("kurz")]
    public static async Task Any_other_password_is_wrong(string password)
    {
        (Wallet wallet, _) = await MakeAsync();
        KavalekException e = await Assert.ThrowsAsync<KavalekException>(() => wallet.OpenAsync(NativeCryptoProvider.Shared, NativePasswordStretching.Shared, password));
        Assert.Equal(ClientErrors.WrongPassword, e.Code);
    }

    [Fact]
    public static async Task Any_changed_byte_and_any_cut_keeps_it_closed()
    {
        byte[] whole = (await MakeAsync()).Wallet.Encode();
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 1;
            await RefusedAsync(changed);
            await RefusedAsync(whole[..i]);
        }
        await RefusedAsync([.. whole, 0]);
    }

    [Fact]
    public static async Task A_wallet_that_would_keep_the_machine_busy_for_days_is_refused_unread()
    {
        byte[] bytes = (await MakeAsync()).Wallet.Encode();
        bytes[2] = 0xff;
        Assert.Equal(ClientErrors.ProfileDamaged, Assert.Throws<KavalekException>(() => Wallet.Decode(bytes)).Code);
    }

    [Fact]
    public static async Task Each_wrapping_has_a_salt_of_its_own()
    {
        using Secret key = Secret.Zero(32);
        Wallet one = await WrapAsync(key), two = await WrapAsync(key);
        Assert.NotEqual(one.Salt, two.Salt);
        Assert.NotEqual(one.Wrapped, two.Wrapped);
        Assert.NotEqual(one.Commitment, two.Commitment);
    }

    static async Task<(Wallet Wallet, Secret Key)> MakeAsync()
    {
        byte[] key = new byte[32];
        NativeCryptoProvider.Shared.Random(key);
        Secret secret = Secret.Own(key);
        return (await WrapAsync(secret), secret);
    }

    static Task<Wallet> WrapAsync(Secret key) =>
        Wallet.WrapAsync(NativeCryptoProvider.Shared, NativePasswordStretching.Shared, key, Right, Few, "https://chat.example.org/");

    static async Task RefusedAsync(byte[] bytes)
    {
        KavalekException e = await Assert.ThrowsAsync<KavalekException>(() => Wallet.Decode(bytes).OpenAsync(NativeCryptoProvider.Shared, NativePasswordStretching.Shared, Right));
        Assert.Contains(e.Code, (string[])[ClientErrors.WrongPassword, ClientErrors.ProfileDamaged]);
    }
}
